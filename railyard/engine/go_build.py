"""Programs of Pulumi built from their Go modules, where there is a Go toolchain and a proxy of Go modules alone.

Owns the place where they are kept between runs and checkouts, and the command. What comes of it is the CLI and the
language host of YAML: neither the hosts of other languages nor the plugins of Cloudflare and DigitalOcean are modules
that can be had. That is enough for ``tests/conformance``, and for inline programs of the Automation API.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from railyard.shared.console import OperationError
from railyard.shared.project import project_directory


@dataclass(frozen=True)
class GoProgram:
    """A program, and the Go module that it is built from."""

    name: str
    title: str
    """As messages call it."""
    folder: str
    """Folder in ``tools`` whose go.mod pins it and all that it is made of."""
    module: str
    package: str
    version_variable: str = ""
    """Go variable that the version is written into; empty where the program knows its own."""

    @property
    def directory(self) -> Path:
        """Return the folder of its go.mod."""
        return project_directory() / "tools" / self.folder

    @property
    def version(self) -> str:
        """Return the version that ``go.mod`` pins, ``3.274.1``."""
        text = (self.directory / "go.mod").read_text(encoding="utf-8")
        match = re.search(rf"^\s*{re.escape(self.module)} v(\S+)", text, re.MULTILINE)
        assert match is not None
        return match[1]

    @property
    def path(self) -> Path:
        """Return where it is kept when it is built, in the user's cache: a build takes minutes."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "railyard" / "tools" / f"{self.folder}-{self.version}" / self.name


CLI: Final = GoProgram(
    name="pulumi",
    title="the Pulumi CLI",
    folder="pulumi",
    module="github.com/pulumi/pulumi/pkg/v3",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
)
YAML_HOST: Final = GoProgram(
    name="pulumi-language-yaml",
    title="the language host of YAML",
    folder="pulumi-yaml",
    module="github.com/pulumi/pulumi-yaml",
    package="github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    version_variable="github.com/pulumi/pulumi-yaml/pkg/version.Version",
)


def built(program: GoProgram = CLI) -> Path | None:
    """Return a built program, or None."""
    return program.path if program.path.exists() else None


def possible(program: GoProgram = CLI) -> bool:
    """Tell whether there is a Go toolchain and the module."""
    return shutil.which("go") is not None and (program.directory / "go.mod").exists()


def build(program: GoProgram, say: Callable[[str], object]) -> Path:
    """Build a program where it is missing, and return it. Raises ``OperationError`` with the end of what Go says."""
    if existing := built(program):
        return existing
    target = program.path
    say(f"building {program.title} {program.version} from its Go module into {target.parent} (some minutes, once)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        binary = Path(directory) / program.name
        flags = f"-s -w -X {program.version_variable}=v{program.version}" if program.version_variable else "-s -w"
        process = subprocess.run(
            ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(binary), program.package],
            cwd=program.directory,
            env={
                **os.environ,
                "CGO_ENABLED": "0",
                "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -mod=readonly",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode != 0:
            last_lines = "\n".join(process.stderr.splitlines()[-5:])
            raise OperationError(f"{program.title} could not be built:\n{last_lines}")
        binary.replace(target)
    return target
