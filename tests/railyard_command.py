"""The command line as tests run it in their own process, and its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Self

import pytest
from typer.testing import Result

POINTING: Final = (
    "RAILWAY_API_URL", "RAILWAY_API_TOKEN", "RAILWAY_TOKEN", "RAILYARD_SECRETS", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE",
    "CLOUDFLARE_API_TOKEN", "DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY",
    "PULUMI_BACKEND_URL", "PULUMI_HOME", "PULUMI_ACCESS_TOKEN",
)  # fmt: skip
"""Variables that would lead a command elsewhere."""


def point_nowhere(monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    """Unset the variables of the machine that would lead a command elsewhere, and ``more``."""
    for name in (*POINTING, *more):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    text: str
    errors: str = ""

    @classmethod
    def of(cls, done: Result) -> Self:
        """What a command in this process said; a traceback fails the test."""
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return cls(done.exit_code, done.stdout, done.stderr)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def flat(self) -> str:
        """All of it in one line, as if the screen were wide."""
        return " ".join(self.text.split())

    def lines_with(self, text: str) -> list[str]:
        """The lines that contain ``text``."""
        return [line for line in self.text.splitlines() if text in line]
