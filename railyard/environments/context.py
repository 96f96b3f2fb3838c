"""The place of review environments: the account or the sandbox, what is written down there, and what time it is there.

Owns which of the two is meant, once for all commands of the group.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pulumi_operations.project import load_project
from pulumiverse_railway.provider.configuration import URL_VARIABLE
from railyard.accounts.github import GitHub
from railyard.accounts.railway_client import Railway, connected
from railyard.engine import pulumi_cli, sandbox_door
from railyard.environments.record import PulumiRecords, Records, SandboxRecords
from railyard.shared.console import CallError
from railyard.shared.project import project_directory, sandbox_directory
from railyard.shared.stack import Stack, read_stack
from stacks.project_folder import page
from stacks.reviews import Reviews


@dataclass(frozen=True, kw_only=True)
class ReviewContext:
    """One account, or the sandbox, as the settings of one stack see it."""

    base: Stack
    """The stack from whose settings environments are made."""
    railway: Railway
    records: Records
    sandbox: bool
    """True when the sandbox was requested."""

    @property
    def reviews(self) -> Reviews:
        """Return what the stack allows."""
        reviews = self.base.settings.stack.reviews
        assert reviews is not None  # ``review_context`` has seen to that
        return reviews

    @property
    def program(self) -> str:
        """Return the name of the Pulumi project."""
        return load_project(project_directory()).name

    def now(self) -> datetime:
        """Return the time there: the sandbox has its own."""
        if self.railway.real:
            return datetime.now(UTC).replace(microsecond=0)
        url = urlsplit(os.environ[URL_VARIABLE])
        answer = sandbox_door.control(f"{url.scheme}://{url.netloc}", "POST", "time", {"advance_s": 0})
        return datetime.fromisoformat(str(answer["now"])).replace(microsecond=0)


@contextmanager
def review_context(stack: str, *, sandbox: bool) -> Generator[ReviewContext]:
    """Yield where the environments of a stack are; raises ``CallError`` for a stack that has none."""
    base = read_stack(stack)
    if base.settings.stack.reviews is None:
        raise CallError(
            f"Pulumi.{stack}.yaml does not say what review environments may be: add 'railyard:reviews: {{}}', or "
            f"name another stack; see {page('review-environments.md')}"
        )
    with connected(base, sandbox=sandbox) as railway:
        yield ReviewContext(base=base, railway=railway, records=_records(railway, stack), sandbox=sandbox)


def _records(railway: Railway, stack: str) -> Records:
    if not railway.real:
        return SandboxRecords(sandbox_directory())
    return PulumiRecords(pulumi_cli.find_for_real_account(), stack)


def github() -> GitHub | None:
    """Return GitHub where the environment says which repository is meant, and with which token."""
    return GitHub() if os.environ.get("GITHUB_TOKEN") and os.environ.get("GITHUB_REPOSITORY") else None
