"""Values that ``pulumi config set --secret`` encrypts: variables take them, and they stay secret; nothing else does."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pulumi
import pytest

from railyard.engine.configuration import read_configuration
from railyard.shared.stack import read_stack
from stacks import compose, python_systems
from stacks.problems import SettingsError
from stacks.settings import StackSettings, parse
from tests import programs

ROOT = Path(__file__).parents[2]
SEALED = "v1:AAAA:sealed-text"
TEXT = f"""\
config:
  railyard:omega:
    bot:
      variables:
        FEATURE_TOKEN: {{secure: "{SEALED}"}}
        PLAIN: "1"
"""
OPENED = {"railyard:omega": '{"bot":{"variables":{"FEATURE_TOKEN":"opened-value","PLAIN":"1"}}}'}
"""What the Pulumi CLI hands to the program: opened."""


def settings() -> StackSettings:
    return parse(OPENED, python_systems(), file="Pulumi.dev.yaml", text=TEXT)


class Wire(pulumi.runtime.Mocks):
    """Remembers the variables of services as they go to the engine, with the marks of secrets."""

    def __init__(self) -> None:
        self.variables: list[Any] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "railway:index:ServiceInstance":
            self.variables.append(args.inputs["variables"])
        return f"{args.name}-id", {**args.inputs, "environmentId": "e", "serviceId": "s", "domain": "a.up.railway.app"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(args.token)


def test_an_encrypted_variable_is_read_opened_and_stays_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program has its value, and hands it to the engine as a secret; a credential's name is no reason to refuse."""
    monkeypatch.setenv("RAILYARD_SECRETS", str(ROOT / "secrets" / "sandbox.yaml"))
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(ROOT / "secrets" / "sandbox.agekey"))
    wire = Wire()

    assert settings().encrypted_variables("omega") == {"FEATURE_TOKEN"}
    programs.run(wire, lambda: compose(settings()))
    in_clear = TEXT.replace(f'{{secure: "{SEALED}"}}', "opened-value")
    with pytest.raises(SettingsError, match="no credential in clear"):
        parse(OPENED, python_systems(), file="Pulumi.dev.yaml", text=in_clear)

    assert "opened-value" in str(wire.variables)
    assert "1b47061264138c4ac30d75fd1eb44270" in str(wire.variables)


@pytest.mark.parametrize(
    "line",
    [
        "railyard:secrets: {secure: v1:abc}",
        "railyard:omega: {logLevel: {secure: v1:abc}}",
        "railyard:omega: {secure: v1:abc}",
    ],
)
def test_an_encrypted_value_elsewhere_is_refused(line: str) -> None:
    """It would stand in clear in the state, and in every preview."""
    text = f"config:\n  {line}\n"
    with pytest.raises(SettingsError, match="no encrypted value but below variables"):
        parse({"railyard:omega": "{}"}, python_systems(), file="Pulumi.dev.yaml", text=text)


def test_the_sandbox_and_the_commands_have_a_made_up_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody there can open it; it differs when the ciphertext does, and a line says so."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    file = tmp_path / "Pulumi.dev.yaml"
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    found: list[str] = []
    for sealed in (SEALED, f"{SEALED}2"):
        file.write_text(TEXT.replace(SEALED, sealed))
        stack = read_configuration(tmp_path, "dev")
        assert list(stack.notes) == [
            "Pulumi.dev.yaml: railyard:omega holds encrypted values: the sandbox has made-up ones in their place"
        ]
        omega: Any = read_stack("dev").settings.systems["omega"]
        found.append(omega.bot.variables["FEATURE_TOKEN"])
        assert found[-1] in stack.config["railyard:omega"]
        assert "sealed" not in stack.config["railyard:omega"]
    assert found[0] != found[1]
