"""What the Pulumi CLI says when it fails, as a command hands it on."""

from __future__ import annotations

import json

import pytest

from railyard.engine import pulumi_cli
from railyard.engine.cli_engine import PulumiCli
from railyard.shared.console import OperationError
from railyard.shared.stack import read_stack


def test_an_error_is_called_one_once(tmp_path):
    """The CLI begins some of its messages with the word that a command sets before all."""
    said = {"diagnostics": [{"severity": "error", "message": "error: Preview failed: no token"}]}
    program = tmp_path / "pulumi"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(said)}'\nexit 255\n")
    program.chmod(0o755)

    with pytest.raises(OperationError) as failed:
        PulumiCli(read_stack("staging"), pulumi_cli.PulumiCli(program)).preview()

    assert str(failed.value) == "Preview failed: no token"
