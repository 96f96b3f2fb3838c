"""One configured provider: the calls of the ResourceProvider protocol over plain Python values.

Builds the requests and interprets the responses. Neither starts processes nor decides which call is due.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from pulumi_embedded.loopback import is_loopback
from pulumi_embedded.plugins import (
    ADDRESS_VARIABLES,
    InitializationFailedError,
    Plugin,
    ProviderError,
    call,
    error_text,
)
from pulumi_embedded.state import PROVIDER_PREFIX, Resource
from pulumi_operations.events import Change
from pulumi_operations.values import (
    UNKNOWN_ON_THE_WIRE,
    Properties,
    contains_unknown,
    from_struct,
    mark_like,
    mark_named,
    parse_path,
    plain,
    references_to_ids,
    to_struct,
)

_CHANGES: Final = (
    Change.ADD,
    Change.ADD_REPLACE,
    Change.DELETE,
    Change.DELETE_REPLACE,
    Change.UPDATE,
    Change.UPDATE_REPLACE,
)
"""By the numbers of ``PropertyDiff.Kind``."""
_ADDRESS_KEY: Final = re.compile(r"(api|base)?_?(url|endpoint)", re.IGNORECASE)
"""Configuration that says where a provider looks for its cloud."""


def _names(resource: Resource) -> dict[str, Any]:
    return {"urn": resource.urn, "name": resource.name, "type": resource.type}


def _failures(answer: provider_pb2.CheckResponse) -> list[str]:
    return [f"{each.property}: {each.reason}" if each.property else each.reason for each in answer.failures]


@dataclass(frozen=True, kw_only=True)
class DiffResponse:
    """Hold what a provider says about old and new inputs."""

    changed: bool | None
    """``None`` when it cannot tell: then the inputs are compared."""
    keys: frozenset[str] = frozenset()
    replaces: frozenset[str] = frozenset()
    detailed: Mapping[str, Change] = field(default_factory=dict[str, Change])
    delete_before_replace: bool = False


@dataclass(frozen=True, kw_only=True)
class ReadResponse:
    """A resource as it really is; without id it does not exist."""

    id: str
    inputs: Properties | None
    outputs: Properties
    reasons: list[str] = field(default_factory=list[str])
    """The reasons why its initialization failed, if it did."""


class Provider:
    """A provider as one provider resource configures it: typed calls over plain values."""

    def __init__(self, plugin: Plugin, urn: str, *, preview: bool, environment: Mapping[str, str]) -> None:
        self.urn = urn
        self.package = urn.split("::")[2].rsplit("$", 1)[-1].removeprefix(PROVIDER_PREFIX)
        self.known = True
        """False in a preview when its configuration depends on what does not exist yet: then it is never called."""
        self.configuration: Properties = {}
        self._stub = plugin.stub
        self._preview = preview
        self._environment = environment
        hello = plugin.handshake
        self._accepts_secrets = hello.accept_secrets if hello else True
        self._accepts_resources = hello.accept_resources if hello else True
        self._previews = hello is not None
        self._shook_hands = hello is not None

    def _require_loopback(self) -> None:
        variable = ADDRESS_VARIABLES.get(self.package)
        if variable and not is_loopback(self._environment.get(variable, "")):
            message = (
                f"{variable} is not set: the embedded engine runs {self.package} against the sandbox only; "
                f"start it through the sandbox's commands, or use the Pulumi CLI"
            )
            raise ProviderError(message)

    def _sent(self, properties: Mapping[str, Any]) -> struct_pb2.Struct:
        values = properties if self._accepts_resources else references_to_ids(dict(properties))
        return to_struct(values, secrets=self._accepts_secrets)

    def _received(self, struct: struct_pb2.Struct, *like: Mapping[str, Any]) -> Properties:
        properties = from_struct(struct)
        if not self._accepts_secrets:
            for each in like:
                properties = mark_like(properties, each)
        return properties

    def _outputs(self, struct: struct_pb2.Struct, resource: Resource, *like: Mapping[str, Any]) -> Properties:
        return mark_named(self._received(struct, *like), resource.additional_secret_outputs)

    def check_config(self, olds: Properties, news: Properties) -> Properties:
        """Let the plugin check its configuration. Raises ``ProviderError``."""
        request = provider_pb2.CheckRequest(
            urn=self.urn,
            olds=to_struct(olds, secrets=False),
            news=to_struct(news, secrets=False),
            name=self.urn.split("::", 3)[3],
            type=PROVIDER_PREFIX + self.package,
        )
        try:
            answer: provider_pb2.CheckResponse = self._stub.CheckConfig(request)
        except grpc.RpcError as error:
            if cast("grpc.Call", error).code() == grpc.StatusCode.UNIMPLEMENTED:
                return news
            raise ProviderError(error_text(error)) from None
        if answer.failures:
            raise ProviderError("; ".join(_failures(answer)))
        return mark_like(from_struct(answer.inputs), news)

    def config_replaces(self, old: Resource, news: Properties) -> bool:
        """Tell whether the change from an old provider's configuration means that its resources must be made anew."""
        answer = self._diff_config(old, news)
        return bool(answer.replaces) or any(_CHANGES[each.kind].replaces for each in answer.detailedDiff.values())

    def config_stays(self, old: Resource, news: Properties) -> bool:
        """Tell whether the provider says that its configuration is the same, however it is written."""
        return self._diff_config(old, news).changes == provider_pb2.DiffResponse.DIFF_NONE

    def _diff_config(self, old: Resource, news: Properties) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=self.urn,
            olds=to_struct(old.outputs, secrets=False),
            news=to_struct(news, secrets=False),
            old_inputs=to_struct(old.inputs, secrets=False),
            name=self.urn.split("::", 3)[3],
            type=PROVIDER_PREFIX + self.package,
        )
        try:
            return self._stub.DiffConfig(request)
        except grpc.RpcError as error:
            if cast("grpc.Call", error).code() == grpc.StatusCode.UNIMPLEMENTED:
                return provider_pb2.DiffResponse()
            raise ProviderError(error_text(error)) from None

    def configure(self, inputs: Properties, id: str) -> None:
        """Hand over a checked configuration. Raises ``ProviderError``, also for an address that is not loopback."""
        self.configuration = inputs
        for key, value in plain(inputs).items():
            if _ADDRESS_KEY.fullmatch(key) and isinstance(value, str) and not is_loopback(value):
                raise ProviderError(f"{self.package}:{key} is {value}: the embedded engine stays on loopback")
        if self._preview and contains_unknown(inputs):
            self.known = False
            return
        if not self._preview:
            self._require_loopback()
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in plain(inputs).items()}
        answer: provider_pb2.ConfigureResponse = call(
            self._stub.Configure,
            provider_pb2.ConfigureRequest(
                variables={f"{self.package}:config:{key}": value for key, value in texts.items()},
                args=to_struct(inputs),
                acceptSecrets=True,
                acceptResources=True,
                sends_old_inputs=True,
                sends_old_inputs_to_delete=True,
                id=id or UNKNOWN_ON_THE_WIRE,
                urn=self.urn,
                name=self.urn.split("::", 3)[3],
                type=PROVIDER_PREFIX + self.package,
            ),
        )
        if not self._shook_hands:
            self._accepts_secrets, self._accepts_resources = answer.acceptSecrets, answer.acceptResources
            self._previews = answer.supportsPreview

    def check(self, resource: Resource, olds: Properties, news: Properties) -> tuple[Properties, list[str]]:
        """Return the inputs as the provider completes them, and the reasons why they are not valid."""
        if not self.known:
            return news, []
        request = provider_pb2.CheckRequest(
            olds=self._sent(olds), news=self._sent(news), randomSeed=os.urandom(32), **_names(resource)
        )
        answer: provider_pb2.CheckResponse = call(self._stub.Check, request)
        return self._received(answer.inputs, news), _failures(answer)

    def diff(self, resource: Resource, old: Resource, news: Properties) -> DiffResponse:
        """Tell how ``news`` would change ``old``."""
        if not self.known:
            return DiffResponse(changed=True)
        request = provider_pb2.DiffRequest(
            id=old.id,
            olds=self._sent(old.outputs),
            news=self._sent(news),
            old_inputs=self._sent(old.inputs),
            ignoreChanges=resource.ignore_changes,
            **_names(resource),
        )
        answer: provider_pb2.DiffResponse = call(self._stub.Diff, request)
        detailed = {path: _CHANGES[item.kind] for path, item in answer.detailedDiff.items()}
        by_path = {str(parse_path(path)[0]) for path, change in detailed.items() if change.replaces}
        unknown = answer.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
        return DiffResponse(
            changed=None if unknown else answer.changes == provider_pb2.DiffResponse.DIFF_SOME,
            keys=frozenset(answer.diffs),
            replaces=frozenset({*answer.replaces, *by_path}),
            detailed=detailed,
            delete_before_replace=answer.deleteBeforeReplace,
        )

    @contextmanager
    def _keeping_secrets(self, resource: Resource) -> Generator[None]:
        """Keep secrets of a resource secret when its initialization fails."""
        try:
            yield
        except InitializationFailedError as half:
            half.outputs = self._outputs(to_struct(half.outputs), resource, resource.inputs)
            raise

    def create(self, resource: Resource, *, interrupted: bool) -> tuple[str, Properties]:
        """Create a resource; in a preview, predict it. Return its id (empty in a preview) and its outputs."""
        if self._preview and not (self.known and self._previews):
            return "", {}
        request = provider_pb2.CreateRequest(
            properties=self._sent(resource.inputs),
            preview=self._preview,
            timeout=resource.custom_timeouts.get("create", 0.0),
            **_names(resource),
        )
        with self._keeping_secrets(resource):
            answer: provider_pb2.CreateResponse = call(self._stub.Create, request, interrupted=interrupted)
        if not self._preview and not answer.id:
            raise ProviderError("the provider answered without an id: this is a bug of the provider", unheard=True)
        return "" if self._preview else answer.id, self._outputs(answer.properties, resource, resource.inputs)

    def update(self, resource: Resource, old: Resource) -> Properties:
        """Update a resource in place; in a preview, predict it. Return its outputs."""
        if self._preview and not (self.known and self._previews):
            return {}
        request = provider_pb2.UpdateRequest(
            id=old.id,
            olds=self._sent(old.outputs),
            news=self._sent(resource.inputs),
            old_inputs=self._sent(old.inputs),
            preview=self._preview,
            ignoreChanges=resource.ignore_changes,
            timeout=resource.custom_timeouts.get("update", 0.0),
            **_names(resource),
        )
        with self._keeping_secrets(resource):
            answer: provider_pb2.UpdateResponse = call(self._stub.Update, request)
        return self._outputs(answer.properties, resource, resource.inputs)

    def delete(self, resource: Resource) -> None:
        """Delete a resource; for a provider, one that is gone already is deleted."""
        request = provider_pb2.DeleteRequest(
            id=resource.id,
            properties=self._sent(resource.outputs),
            old_inputs=self._sent(resource.inputs),
            timeout=resource.custom_timeouts.get("delete", 0.0),
            **_names(resource),
        )
        call(self._stub.Delete, request)

    def read(self, resource: Resource, id: str, inputs: Properties | None, outputs: Properties | None) -> ReadResponse:
        """Read a resource; without inputs and outputs this is an import."""
        self._require_loopback()
        request = provider_pb2.ReadRequest(
            id=id,
            inputs=None if inputs is None else self._sent(inputs),
            properties=None if outputs is None else self._sent(outputs),
            timeout=resource.custom_timeouts.get("read", 0.0),
            **_names(resource),
        )
        before = (inputs or {}, outputs or {})
        try:
            answer: provider_pb2.ReadResponse = call(self._stub.Read, request)
        except InitializationFailedError as half:
            read_outputs = self._outputs(to_struct(half.outputs), resource, *before)
            read_inputs = self._received(to_struct(half.inputs), *before) or None
            return ReadResponse(id=half.id or id, inputs=read_inputs, outputs=read_outputs, reasons=half.reasons)
        return ReadResponse(
            id=answer.id,
            inputs=self._received(answer.inputs, *before) if answer.HasField("inputs") else None,
            outputs=self._outputs(answer.properties, resource, *before),
        )

    def invoke(self, token: str, arguments: Properties) -> provider_pb2.InvokeResponse:
        """Call a function of the provider."""
        self._require_loopback()
        request = provider_pb2.InvokeRequest(tok=token, args=self._sent(arguments), preview=self._preview)
        return call(self._stub.Invoke, request)
