"""A static site: files that a web server on Railway hands out, from a repository or in an image.

internet → domain → Caddy ─ files

Of a repository Railpack, Railway's own builder, makes an image in which Caddy serves a folder on PORT
(https://railpack.com/languages/staticfile). That takes no Dockerfile and no setting in the repository, as a Staticfile
would. https://railpack.com/languages/node says what it does with a site that is built first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from components.arguments import Obeys
from components.inputs import StaticSiteInputs
from components.service import ServiceArgs
from components.service_kind import ServiceSettings, given
from pulumiverse_railway import rules


class StaticSiteSettings(ServiceSettings):
    """Settings of a static site: where its files are, and a public address.

    Without ``folder`` and ``build_output`` Railpack looks for a Staticfile, a folder ``public`` or an index.html.
    """

    TOKEN = "railyard:components:StaticSite"
    VARIABLES_FROM_SETTINGS: ClassVar[Mapping[str, str]] = {
        **ServiceSettings.VARIABLES_FROM_SETTINGS,
        "RAILPACK_STATIC_FILE_ROOT": "folder",
        "RAILPACK_SPA_OUTPUT_DIR": "build_output",
    }

    folder: Annotated[str, Obeys(rules.folder)] | None = None
    """Folder of the repository, from rootDirectory, whose files are served as they are, for a repository without a
    build: RAILPACK_STATIC_FILE_ROOT."""
    build_output: Annotated[str, Obeys(rules.folder)] | None = None
    """Folder that the build of a package.json writes, such as dist: RAILPACK_SPA_OUTPUT_DIR. Paths without a file get
    its index.html."""
    port: int | None = 80
    """Port on which it is served: Railpack's Caddy takes any, an image has its own. Default: 80."""
    healthcheck_path: str | None = "/"
    """Path that must answer 2xx before a deployment takes traffic. Default: /."""

    @model_validator(mode="after")
    def _public_and_stateless(self) -> Self:
        if not (self.domains or self.railway_domain):
            raise ValueError("a static site only with a public address: add domains, or set railwayDomain to true")
        if superfluous := given(self, "volume", "cron_schedule"):
            raise ValueError(f"a static site hands out files and does nothing else: remove {superfluous}")
        return self

    @model_validator(mode="after")
    def _served_by_railpack(self) -> Self:
        where = given(self, "folder", "build_output")
        if self.folder and self.build_output:
            raise ValueError(
                "either folder, for files as they are, or buildOutput, for what a build writes: remove one"
            )
        if where and self.image:
            raise ValueError(
                f"an image without {where}, which tells Railpack what of a repository it serves: remove it"
            )
        if where and (self.builder or "RAILPACK") != "RAILPACK":
            raise ValueError(f"{where} only with the builder RAILPACK: remove builder, or {where}")
        if where and (conflicting := given(self, "start_command", "dockerfile_path")):
            raise ValueError(
                f"{where} without {conflicting}, in whose place Caddy serves the files: remove one of them"
            )
        return self


@dataclass(frozen=True, kw_only=True)
class StaticSiteArgs(StaticSiteInputs, ServiceArgs):
    """Arguments of a static site."""

    kind: type[ServiceSettings] = StaticSiteSettings
