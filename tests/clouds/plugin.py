"""Speaks to a stand-in plugin as an engine does, and knows what its tests are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_operations import values
from pulumi_operations.values import to_struct
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
STANDINS = ROOT / "packages" / "pulumi-embedded" / "pulumi_embedded" / "standins"
ZONE = ZONE_IDS["seance.dev"]

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
RULESET = "cloudflare:index/ruleset:Ruleset"
UNIVERSAL_SSL = "cloudflare:index/universalSslSetting:UniversalSslSetting"
BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
CORS = "digitalocean:index/spacesBucketCorsConfiguration:SpacesBucketCorsConfiguration"
KEY = "digitalocean:index/spacesKey:SpacesKey"
CDN = "digitalocean:index/cdn:Cdn"

CNAME = {
    "zoneId": ZONE,
    "name": "api.seance.dev",
    "type": "CNAME",
    "content": "x.up.railway.app",
    "ttl": 1,
    "proxied": True,
}
REDIRECTS = {
    "zoneId": ZONE,
    "kind": "zone",
    "name": "redirects",
    "phase": "http_request_dynamic_redirect",
    "description": "made by a test",
    "rules": [
        {
            "action": "redirect",
            "expression": 'http.host eq "www.seance.dev"',
            "description": "www.seance.dev",
            "enabled": True,
            "ref": "www.seance.dev",
            "actionParameters": {
                "fromValue": {
                    "targetUrl": {"expression": 'concat("https://seance.dev", http.request.uri.path)'},
                    "statusCode": 301,
                    "preserveQueryString": True,
                }
            },
        }
    ],
}
SPACE = {"name": "seance-cdn", "region": "sfo3", "acl": "private"}
ORIGIN = "seance-cdn.sfo3.digitaloceanspaces.com"


def plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return the properties of a struct, with secrets unwrapped."""
    return values.plain(values.from_struct(struct))


class Engine:
    """What an engine does with a plugin, in few words."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct({}), acceptSecrets=True, acceptResources=True))

    def close(self) -> None:
        self._channel.close()

    def check(self, type: str, inputs: dict[str, Any]) -> Any:
        return self.stub.Check(provider_pb2.CheckRequest(urn=urn(type), news=to_struct(inputs)))

    def create(
        self, type: str, inputs: dict[str, Any], *, preview: bool = False, interrupted: bool = False
    ) -> tuple[str, dict[str, Any]]:
        checked = self.check(type, inputs)
        assert not checked.failures, checked.failures
        metadata = [("railyard-interrupted", "true")] if interrupted else None
        request = provider_pb2.CreateRequest(urn=urn(type), properties=checked.inputs, preview=preview)
        made = self.stub.Create(request, metadata=metadata)
        return made.id, plain(made.properties)

    def diff(self, type: str, id: str, old: dict[str, Any], state: dict[str, Any], new: dict[str, Any]) -> Any:
        news = self.check(type, new).inputs
        olds = self.check(type, old).inputs
        request = provider_pb2.DiffRequest(urn=urn(type), id=id, olds=to_struct(state), news=news, old_inputs=olds)
        return self.stub.Diff(request)

    def read(
        self, type: str, id: str, inputs: dict[str, Any] | None = None, state: dict[str, Any] | None = None
    ) -> Any:
        request = provider_pb2.ReadRequest(
            urn=urn(type), id=id, inputs=to_struct(inputs or {}), properties=to_struct(state or {})
        )
        return self.stub.Read(request)

    def update(self, type: str, id: str, state: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        news = self.check(type, new).inputs
        request = provider_pb2.UpdateRequest(urn=urn(type), id=id, olds=to_struct(state), news=news)
        return plain(self.stub.Update(request).properties)

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments)))
        return plain(getattr(answer, "return"))

    def delete(self, type: str, id: str, state: dict[str, Any]) -> None:
        self.stub.Delete(provider_pb2.DeleteRequest(urn=urn(type), id=id, properties=to_struct(state)))


def urn(type: str) -> str:
    return f"urn:pulumi:staging::railyard::{type}::it"


def requests_of(sandbox: Sandbox) -> list[str]:
    if not sandbox.storage.requests.exists():
        return []
    return [json.loads(line)["operation"] for line in sandbox.storage.requests.read_text().splitlines()]
