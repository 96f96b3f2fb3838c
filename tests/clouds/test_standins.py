"""What both stand-in plugins promise: previews ask nobody, nothing leaves the machine, types are the real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from railway_sandbox.addresses import environment
from railway_sandbox.server import Sandbox
from tests.clouds.plugin import (
    BUCKET,
    CDN,
    CNAME,
    CORS,
    KEY,
    RECORD,
    SETTING,
    SPACE,
    STANDINS,
    UNIVERSAL_SSL,
    Engine,
    requests_of,
)


@pytest.mark.parametrize(("name", "type", "inputs"), [("cloudflare", RECORD, CNAME), ("digitalocean", BUCKET, SPACE)])
def test_preview_sends_nothing(
    started: Callable[[str], Engine], standin_sandbox: Sandbox, name: str, type: str, inputs: dict[str, Any]
) -> None:
    """A preview shows the inputs and asks nobody."""
    made, state = started(name).create(type, inputs, preview=True)

    assert ("", inputs["name"], []) == (made, state["name"], requests_of(standin_sandbox))


@pytest.mark.parametrize(
    ("name", "type", "inputs", "variable"),
    [
        ("cloudflare", RECORD, CNAME, "CLOUDFLARE_BASE_URL"),
        ("digitalocean", KEY, {"name": "seance"}, "DIGITALOCEAN_API_URL"),
        ("digitalocean", BUCKET, SPACE, "HTTP_PROXY"),
    ],
)
def test_stand_in_never_leaves_the_machine(
    name: str, type: str, inputs: dict[str, Any], variable: str, tmp_path: Path
) -> None:
    """Pointed elsewhere, or nowhere, it refuses to work."""
    variables = {**environment("http://127.0.0.1:9"), variable: "http://192.0.2.1"}
    with subprocess.Popen(
        [
            sys.executable,
            str(STANDINS / name),
            "127.0.0.1:1",
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **variables},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        engine = Engine(f"127.0.0.1:{process.stdout.readline().strip()}")
        with pytest.raises(grpc.RpcError, match=variable):
            engine.create(type, inputs)
        engine.close()
        process.terminate()


@pytest.mark.parametrize(
    ("module", "token"),
    [
        ("pulumi_cloudflare.dns_record", RECORD),
        ("pulumi_cloudflare.zone_setting", SETTING),
        ("pulumi_cloudflare.universal_ssl_setting", UNIVERSAL_SSL),
        ("pulumi_digitalocean.spaces_bucket", BUCKET),
        ("pulumi_digitalocean.spaces_bucket_cors_configuration", CORS),
        ("pulumi_digitalocean.spaces_key", KEY),
        ("pulumi_digitalocean.cdn", CDN),
    ],
)
def test_tokens_are_those_of_the_real_sdk(module: str, token: str) -> None:
    """The programs register these types."""
    package, _, name = module.partition(".")
    (found,) = {Path(path) for path in sys.path if (Path(path) / package / f"{name}.py").exists()}

    assert f"'{token}'" in (found / package / f"{name}.py").read_text()
