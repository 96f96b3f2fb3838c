"""The committed files of the Railway provider that derive from its declarations, and the plugin as it is started."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_provider.generation import derived_files, outdated
from pulumi_provider.properties import fields_of
from pulumiverse_railway.provider.assembly import build_provider
from pulumiverse_railway.provider.generate import PACKAGE, PAGES, PROJECT, ROOT, main
from tests.lifecycle.conftest import LONGEST_S


def test_the_sdk_the_schema_and_the_pages_are_current() -> None:
    """Whoever changes a declaration generates again: python -m pulumiverse_railway.provider.generate."""
    stale = outdated(derived_files(build_provider(), ROOT, PACKAGE, PAGES))
    assert [str(path.relative_to(PROJECT)) for path in stale] == []


def test_an_unknown_argument_of_the_generator_is_refused() -> None:
    """A misspelt --check must not write files."""
    assert main(["--chek"]) == 2


def test_no_plugin_file_is_shipped() -> None:
    """With it `pulumi install` looks for the plugin on the network although the project names its path."""
    assert list(PACKAGE.rglob("pulumi-plugin.json")) == []


def test_every_declaration_can_be_served() -> None:
    """Names, types and marks of every resource are such that the kernel understands them."""
    for resource in build_provider().resources:
        inputs, state = fields_of(resource.inputs_type), fields_of(resource.state_type)
        assert {field.name for field in inputs} <= {field.name for field in state}
        assert all(field.mark.doc.strip() for field in state)


def test_the_plugin_starts_from_any_directory_and_serves_the_committed_schema(tmp_path: Path) -> None:
    """The engine starts `python packages/pulumiverse-railway <address>` in the directory of the program."""
    command = [sys.executable, str(ROOT), "127.0.0.1:1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            served = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    finally:
        process.terminate()
        process.communicate(timeout=LONGEST_S)
    assert served == json.loads((ROOT / "schema.json").read_text(encoding="utf-8"))


def test_no_property_is_called_as_its_class_in_csharp() -> None:
    """The compiler refuses such a class, so these have another name there."""
    schema = json.loads((ROOT / "schema.json").read_text(encoding="utf-8"))
    for token, resource in schema["resources"].items():
        for name, described in {**resource["properties"], **resource["inputProperties"]}.items():
            called = described.get("language", {}).get("csharp", {}).get("name", f"{name[0].upper()}{name[1:]}")
            assert called != token.rpartition(":")[2]
