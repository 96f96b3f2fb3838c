"""The provider as the engine sees it: Pulumi's ResourceProvider protocol, served from declarations.

Owns the order decode → check or call the resource → encode for every RPC, and nothing else: values, checks, diffs,
states and failures have their own modules. A preview ends here: it never reaches a resource's API.
"""

# ruff: noqa: N802, ARG002 names and parameters of the methods are the protocol's

from __future__ import annotations

import json
from typing import Any, Final

from google.protobuf import empty_pb2, struct_pb2

from .calls import Call, ProviderRuntime
from .checking import check, check_configuration
from .conversion import named, secret_texts, typed, wire
from .declaration import Function, Provider, Resource
from .diffs import compare, is_updatable
from .errors import Failure, InitializationFailed
from .properties import fields_of
from .protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from .responses import diff_response, refusal
from .retained_ids import RetainedIds
from .rpc_errors import ServicerContext, Unfinished, with_rpc_errors
from .states import (
    inputs_as_read,
    old_state,
    outputs_of,
    owned_state,
    partial_outputs,
    previewed_create,
    previewed_update,
    state_before,
    with_carried,
)
from .values import DecodeError, contains_unknown, decode, encode

INTERRUPTED: Final = "railyard-interrupted"
"""Request metadata of a create whose earlier attempt had no known outcome."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serve one provider to one engine. ``grace_s``: real seconds that a stopped resource gets on top."""

    def __init__(self, provider: Provider, engine_address: str | None = None, *, grace_s: float = 30.0) -> None:
        self.running = ProviderRuntime(provider, engine_address, grace_s=grace_s)
        self.provider = provider
        self.retained = RetainedIds()
        self._resources = {resource.token: resource() for resource in provider.resources}
        self._functions = {function.token: function() for function in provider.functions}

    # --- the provider itself -----------------------------------------------------------------------------------------

    @with_rpc_errors
    async def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        await self.running.log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=False, accept_resources=False, accept_outputs=False, supports_autonaming_configuration=False
        )

    @with_rpc_errors
    async def Attach(self, request: plugin_pb2.PluginAttach, context: ServicerContext) -> empty_pb2.Empty:
        await self.running.log.connect(request.address)
        return empty_pb2.Empty()

    @with_rpc_errors
    async def GetPluginInfo(self, request: empty_pb2.Empty, context: ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.provider.version)

    @with_rpc_errors
    async def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        from .schema import package_schema  # noqa: PLC0415 only package commands need it

        return provider_pb2.GetSchemaResponse(schema=json.dumps(package_schema(self.provider)))

    @with_rpc_errors
    async def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: ServicerContext
    ) -> provider_pb2.CheckResponse:
        checked = check_configuration(self.provider.config_type, request.news)
        return refusal(checked) or provider_pb2.CheckResponse(inputs=request.news)

    @with_rpc_errors
    async def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Answer that another configuration is an update of the provider, which replaces no resource."""
        old = decode(request.old_inputs if request.HasField("old_inputs") else request.olds)
        new = decode(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
        )

    @with_rpc_errors
    async def Configure(
        self, request: provider_pb2.ConfigureRequest, context: ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        arguments = request.args if request.HasField("args") else dict(request.variables)
        checked = check_configuration(self.provider.config_type, arguments)
        if checked.problems:
            reasons = [f"{problem.path}: {problem.reason}" for problem in checked.problems]
            raise Failure(f"the configuration of the provider {self.provider.name} is wrong: " + "\n".join(reasons))
        self.running.configure(checked.values)
        self.retained = RetainedIds()
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False,
            supportsPreview=True,
            acceptResources=False,
            acceptOutputs=False,
            supports_autonaming_configuration=False,
        )

    @with_rpc_errors
    async def Invoke(
        self, request: provider_pb2.InvokeRequest, context: ServicerContext
    ) -> provider_pb2.InvokeResponse:
        function = self._function(request.tok)
        checked = check(function, decode(request.args))
        if checked.problems:
            failures = [provider_pb2.CheckFailure(property=each.path, reason=each.reason) for each in checked.problems]
            return provider_pb2.InvokeResponse(failures=failures)
        if contains_unknown(checked.values):
            raise Failure("an input is not known before the run; call the form of the function that takes outputs")
        call = Call(self.running, "", function.default_timeout_s)
        asking = function.call(call, typed(function.inputs_type, checked.values))
        result = await call.within_limit("invoke", asking)
        answer = provider_pb2.InvokeResponse()
        # "return" is a word of the language, so it is no name that can be written down.
        getattr(answer, "return").CopyFrom(encode(wire(fields_of(function.result_type), result, mark_secrets=True)))
        return answer

    @with_rpc_errors
    async def Cancel(self, request: empty_pb2.Empty, context: ServicerContext) -> empty_pb2.Empty:
        """End waits soon. Also comes at the end of every run, so it says nothing."""
        self.running.stopping.set()
        return empty_pb2.Empty()

    # --- resources ---------------------------------------------------------------------------------------------------

    @with_rpc_errors
    async def Check(self, request: provider_pb2.CheckRequest, context: ServicerContext) -> provider_pb2.CheckResponse:
        resource = self._resource(request.urn)
        self.retained.note_check(request.urn)
        checked = check(resource, decode(request.news))
        inputs = wire(fields_of(resource.inputs_type), checked.values, mark_secrets=True)
        return refusal(checked) or provider_pb2.CheckResponse(inputs=encode(inputs))

    @with_rpc_errors
    async def Diff(self, request: provider_pb2.DiffRequest, context: ServicerContext) -> provider_pb2.DiffResponse:
        resource = self._resource(request.urn)
        old_outputs = decode(request.olds)
        old_inputs = decode(request.old_inputs) if request.HasField("old_inputs") else old_outputs
        compared = compare(
            resource, old_inputs, decode(request.news), old_state(resource, old_outputs), list(request.ignoreChanges)
        )
        self.retained.note_diff(request.urn, request.id, same=not compared)
        return diff_response(resource, compared)

    @with_rpc_errors
    async def Create(
        self, request: provider_pb2.CreateRequest, context: ServicerContext
    ) -> provider_pb2.CreateResponse:
        resource = self._resource(request.urn)
        inputs = named(fields_of(resource.inputs_type), decode(request.properties))
        if request.preview:
            return provider_pb2.CreateResponse(properties=previewed_create(resource, inputs))
        call = self._call(request.urn, request.timeout, resource, context)
        try:
            making = resource.create(call, typed(resource.inputs_type, inputs))
            made_id, state = await call.within_limit("create", making)
        except InitializationFailed as half:
            self.retained.note_create(request.urn, resource.token, half.id)
            outputs = partial_outputs(resource, half.state, inputs)
            raise Unfinished(half.id, outputs, request.properties, half.reasons) from half
        if not made_id:
            raise RuntimeError(f"{resource.token}.create returned no id")
        self.retained.note_create(request.urn, resource.token, made_id)
        await call.finished()
        return provider_pb2.CreateResponse(id=made_id, properties=outputs_of(resource, state))

    @with_rpc_errors
    async def Update(
        self, request: provider_pb2.UpdateRequest, context: ServicerContext
    ) -> provider_pb2.UpdateResponse:
        resource = self._resource(request.urn)
        inputs = named(fields_of(resource.inputs_type), decode(request.news))
        old = old_state(resource, decode(request.olds))
        if request.preview:
            return provider_pb2.UpdateResponse(properties=previewed_update(resource, inputs, old))
        self.retained.note_update(request.urn, request.id)
        call = self._call(request.urn, request.timeout, resource, context)
        try:
            if is_updatable(resource):
                new = typed(resource.inputs_type, inputs)
                old_inputs = decode(request.old_inputs) if request.HasField("old_inputs") else None
                owned = owned_state(resource, old, old_inputs)
                state = await call.within_limit("update", resource.update(call, request.id, owned, new))
            else:
                state = await self._look_again(resource, call, request.id, old)
        except InitializationFailed as half:
            outputs = partial_outputs(resource, half.state, {**state_before(resource, old), **inputs})
            raise Unfinished(half.id or request.id, outputs, request.news, half.reasons) from half
        await call.finished()
        return provider_pb2.UpdateResponse(properties=outputs_of(resource, state))

    @with_rpc_errors
    async def Read(self, request: provider_pb2.ReadRequest, context: ServicerContext) -> provider_pb2.ReadResponse:
        resource = self._resource(request.urn)
        call = self._call(request.urn, request.timeout, resource, context)
        old_inputs, old = _known_before(resource, request)
        reasons: tuple[str, ...] = ()
        try:
            current = await call.within_limit("read", resource.read(call, request.id, old))
        except InitializationFailed as half:
            # Something exists that is not well: an incomplete report of it must not count as "not found".
            current, reasons = half.state or old, half.reasons
            if current is None:
                raise Failure("; ".join(half.reasons)) from half
        if current is None:
            return provider_pb2.ReadResponse()
        state = with_carried(fields_of(resource.state_type), current, old)
        inputs = encode(inputs_as_read(resource, state, old_inputs))
        outputs = outputs_of(resource, state, imported=old_inputs is None)
        if reasons:
            raise Unfinished(request.id, outputs, inputs, reasons)
        return provider_pb2.ReadResponse(id=request.id, properties=outputs, inputs=inputs)

    @with_rpc_errors
    async def Delete(self, request: provider_pb2.DeleteRequest, context: ServicerContext) -> empty_pb2.Empty:
        resource = self._resource(request.urn)
        call = self._call(request.urn, request.timeout, resource, context)
        if self.provider.create_adopts_existing and self.retained.holds(request.urn, resource.token, request.id):
            await call.warn(f"{request.id} is not deleted: another resource of this run is the same one, and keeps it")
            return empty_pb2.Empty()
        old = old_state(resource, decode(request.properties))
        await call.within_limit("delete", resource.delete(call, request.id, old))
        await call.finished()
        return empty_pb2.Empty()

    # --- shared ------------------------------------------------------------------------------------------------------

    def secrets_of(self, request: Any) -> set[str]:
        """See ``FailingService``: what the declaration calls secret in this request, and in the configuration."""
        resource = self._resources.get(_type_of(getattr(request, "urn", "")))
        function = self._functions.get(getattr(request, "tok", ""))
        declared = resource.state_type if resource else function.inputs_type if function else self.provider.config_type
        fields = fields_of(declared)
        secrets = set(self.running.secrets)
        for name in ("properties", "inputs", "news", "olds", "old_inputs", "args"):
            values = getattr(request, name, None)
            if isinstance(values, struct_pb2.Struct):
                secrets |= secret_texts(fields, named(fields, _decoded_or_empty(values)))
        return secrets

    def _resource(self, urn: str) -> Resource[Any, Any]:
        token = _type_of(urn)
        if token not in self._resources:
            tokens = ", ".join(sorted(self._resources))
            raise Failure(f"the provider {self.provider.name} has no resource type {token}; it has {tokens}")
        return self._resources[token]

    def _function(self, token: str) -> Function[Any, Any]:
        if token not in self._functions:
            tokens = f"it has {', '.join(sorted(self._functions))}" if self._functions else "it has none"
            raise Failure(f"the provider {self.provider.name} has no function {token}; {tokens}")
        return self._functions[token]

    def _call(self, urn: str, timeout_s: float, resource: Resource[Any, Any], context: ServicerContext) -> Call:
        metadata = dict(context.invocation_metadata() or ())
        limit_s = timeout_s or resource.default_timeout_s
        return Call(
            self.running,
            urn,
            limit_s,
            interrupted=metadata.get(INTERRUPTED) == "true",
            replaces=self.retained.id_compared(urn),
        )

    async def _look_again(self, resource: Resource[Any, Any], call: Call, id: str, old: Any) -> Any:
        """Read a resource that cannot be updated: its initialization failed, and it may be ready by now."""
        state = await call.within_limit("read", resource.read(call, id, old))
        if state is None:
            raise Failure(f"{id} does not exist any more; `pulumi refresh` removes it from the state")
        return with_carried(fields_of(resource.state_type), state, old)


def _type_of(urn: str) -> str:
    """Return ``urn:pulumi:stack::project::parent$type::name`` → ``type``."""
    parts = urn.split("::")
    return parts[2].rpartition("$")[2] if len(parts) > 2 else urn


def _known_before(resource: Resource[Any, Any], request: provider_pb2.ReadRequest) -> tuple[Any, Any]:
    """Return old inputs (wire form) and typed old state; nothing of either on an import, which knows the id alone."""
    inputs, outputs = decode(request.inputs), decode(request.properties)
    all_optional = not any(field.required for field in fields_of(resource.inputs_type))
    if inputs or (outputs and all_optional):
        return inputs, old_state(resource, outputs)
    return None, None


def _decoded_or_empty(values: struct_pb2.Struct) -> dict[str, Any]:
    try:
        return decode(values)
    except DecodeError:
        return {}
