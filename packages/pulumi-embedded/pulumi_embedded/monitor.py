"""The ResourceMonitor service as the program's SDK calls it: requests in, responses out, the rest refused by name.

Owns URNs, aliases and what this engine does not do. The SDK calls it directly, in this process, from several threads.
Does not decide what a registration means; that is ``step_generator``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar, cast

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import alias_pb2, provider_pb2, resource_pb2

from pulumi_embedded.executor import StepError
from pulumi_embedded.plugins import ProviderError
from pulumi_embedded.providers import Providers
from pulumi_embedded.report import Report
from pulumi_embedded.state import STACK_TYPE, Resource
from pulumi_embedded.step_generator import Goal, RefusedError, StepGenerator
from pulumi_operations.values import Properties, contains_file, contains_unknown, from_struct, to_struct

NEEDS_CLI: Final = "needs the Pulumi CLI"
_READ_STACK_OUTPUTS: Final = "pulumi:pulumi:readStackOutputs"
_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
)
_FEATURE_NAMES: Final = ("secrets", "resourceReferences", "aliasSpecs", "deletedWith")
_UNIT_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}

_Answer = TypeVar("_Answer")


class MonitorError(grpc.RpcError):
    """An error as the SDK expects it of a gRPC stub."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        """Return the status."""
        return self._code

    def details(self) -> str:
        """Return the text."""
        return self._details


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The stack, its project, and its configuration."""

    project: str
    stack: str
    config: Mapping[str, str]
    preview: bool
    parallel: int

    @property
    def urn_prefix(self) -> str:
        """Return what all URNs begin with."""
        return f"urn:pulumi:{self.stack}::{self.project}::"


def make_urn(prefix: str, parent: str, type: str, name: str) -> str:
    """Return the URN of a resource; below the stack, the parent's types come first."""
    types = parent.split("::")[2] if parent else ""
    below = "" if types in ("", STACK_TYPE) else f"{types}$"
    return f"{prefix}{below}{type}::{name}"


class Monitor:
    """Pulumi's ResourceMonitor, as far as this engine supports it."""

    def __init__(
        self,
        identity: Identity,
        generator: StepGenerator,
        providers: Providers,
        report: Report,
        outputs_before: Properties,
    ) -> None:
        self._identity, self._generator = identity, generator
        self._providers, self._report, self._outputs_before = providers, report, outputs_before
        self.outputs: Properties | None = None
        """The program's stack outputs, once it has ended."""

    def _answer(self, work: Callable[[], _Answer], urn: str = "") -> _Answer:
        """Return the result of the work; after any failure every call fails, as when the CLI stops."""
        if self._report.stopping:
            raise MonitorError(grpc.StatusCode.UNAVAILABLE, "the run has ended")
        try:
            return work()
        except MonitorError:
            raise
        except StepError:
            pass
        except (RefusedError, ProviderError) as error:
            self._report.fail(str(error), urn)
        except Exception as error:
            self._report.fail(f"the embedded engine itself failed, please report this: {error!r}", urn)
            raise
        raise MonitorError(grpc.StatusCode.UNAVAILABLE, "the run has ended")

    # The names and arguments below are the service's own.
    # ruff: noqa: N802, ARG002

    def GetDeploymentInfo(self, request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:
        """Return the stack, its configuration, and the features that this engine has."""
        identity = self._identity
        return resource_pb2.DeploymentInfo(
            project=identity.project,
            stack=identity.stack,
            organization="organization",
            config=identity.config,
            dryRun=identity.preview,
            parallel=identity.parallel,
            supportedFeatures=_FEATURES,
        )

    def SupportsFeature(self, request: resource_pb2.SupportsFeatureRequest) -> resource_pb2.SupportsFeatureResponse:
        """Answer what older SDKs ask one by one."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURE_NAMES)

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty) -> empty_pb2.Empty:
        """Return at once: the program has ended, and the deletions need nothing of it."""
        return empty_pb2.Empty()

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Bring a resource into being."""
        urn = make_urn(self._identity.urn_prefix, request.parent, request.type, request.name)

        def register() -> resource_pb2.RegisterResourceResponse:
            _refuse_unsupported(request)
            resource = self._generator.register(self._goal(urn, request))
            skipped = urn in self._generator.skipped or urn in self._generator.unknown
            return resource_pb2.RegisterResourceResponse(
                urn=urn, id=resource.id, object=to_struct(resource.outputs), unknown=skipped
            )

        return self._answer(register, urn)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> NoReturn:
        """Refuse it."""
        if request.type == "pulumi:pulumi:StackReference":
            self._refuse(f"StackReference '{request.name}', since this engine knows one stack only,")
        self._refuse(f"looking up {request.type} '{request.name}' by its id")

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Set the outputs of a component; those of the stack count only once everything went well."""

        def complete() -> empty_pb2.Empty:
            outputs = from_struct(request.outputs)
            if request.urn.split("::")[2] == STACK_TYPE:
                self.outputs = outputs
            else:
                self._generator.complete(request.urn, outputs)
            return empty_pb2.Empty()

        return self._answer(complete, request.urn)

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        """Call a provider's function."""

        def invoke() -> resource_pb2.ResourceInvokeResponse:
            if request.tok == _READ_STACK_OUTPUTS:
                self._providers.builtin()
                return self._own_outputs(from_struct(request.args))
            if request.tok.startswith("pulumi:"):
                raise RefusedError(f"the function {request.tok} {NEEDS_CLI}")
            arguments = from_struct(request.args)
            provider = self._providers.get(self._provider(request, request.tok))
            if not provider.known or contains_unknown(arguments):
                return resource_pb2.ResourceInvokeResponse(unknown=True)
            try:
                answer = provider.invoke(request.tok, arguments)
            except ProviderError as error:
                # Not a failure of the run: the program may do without the answer.
                message = f"invocation of {request.tok} returned an error: {error}"
                raise MonitorError(grpc.StatusCode.UNKNOWN, message) from None
            return _invoke_response(answer)

        return self._answer(invoke)

    def _own_outputs(self, arguments: Properties) -> resource_pb2.ResourceInvokeResponse:
        """Return the outputs of this stack, as the last run left them."""
        identity, name = self._identity, arguments["name"]
        if name not in (identity.stack, f"organization/{identity.project}/{identity.stack}"):
            raise RefusedError(f"the outputs of the stack {name} {NEEDS_CLI}: this engine knows one stack only")
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(to_struct({"name": name, "outputs": self._outputs_before}))
        return response

    def _refuse(self, what: str) -> NoReturn:
        message = f"{what} {NEEDS_CLI}"
        self._report.fail(message)
        raise MonitorError(grpc.StatusCode.UNIMPLEMENTED, message)

    def Call(self, request: resource_pb2.ResourceCallRequest) -> NoReturn:
        """Refuse it."""
        self._refuse(f"calling the method {request.tok} of a resource")

    def RegisterStackTransform(self, request: object) -> NoReturn:
        """Refuse it."""
        self._refuse("a stack transform")

    def RegisterStackInvokeTransform(self, request: object) -> NoReturn:
        """Refuse it."""
        self._refuse("an invoke transform")

    def RegisterResourceHook(self, request: resource_pb2.RegisterResourceHookRequest) -> NoReturn:
        """Refuse it."""
        self._refuse(f"the resource hook {request.name}")

    def RegisterErrorHook(self, request: object) -> NoReturn:
        """Refuse it."""
        self._refuse("an error hook")

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> NoReturn:
        """Refuse it."""
        self._refuse(f"the parameterized package {request.name}")

    def _provider(self, request: Any, token: str) -> str:
        if request.packageRef:
            raise RefusedError(f"the parameterized package of {token} {NEEDS_CLI}")
        if request.provider:
            return request.provider
        return self._providers.default(token.split(":", 1)[0], request.version, request.pluginDownloadURL)

    def _goal(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> Goal:
        parent = self._generator.declared.get(request.parent)
        own_deletion = request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
        resource = Resource(
            urn=urn,
            type=request.type,
            custom=request.custom,
            inputs=from_struct(request.object),
            parent=request.parent,
            protect=request.protect if request.HasField("protect") else bool(parent and parent.protect),
            dependencies=sorted(request.dependencies),
            property_dependencies={key: sorted(each.urns) for key, each in request.propertyDependencies.items()},
            additional_secret_outputs=list(request.additionalSecretOutputs),
            custom_timeouts=_timeouts(request.customTimeouts),
            import_id=request.importId,
            deleted_with=request.deletedWith or (parent.deleted_with if parent else ""),
            ignore_changes=list(request.ignoreChanges),
            replace_on_changes=list(request.replaceOnChanges),
        )
        if resource.is_provider:
            if request.version:
                resource.inputs["version"] = request.version
        elif request.custom:
            resource.provider = self._provider(request, request.type)
        messages: Sequence[alias_pb2.Alias] = cast("Any", request).aliases  # the stubs do not know their own import
        aliases = [self._alias(alias, request) for alias in messages] + list(request.aliasURNs)
        return Goal(
            resource=resource,
            aliases=aliases + self._inherited_aliases(request.parent, request.type, request.name, aliases),
            delete_before_replace=request.deleteBeforeReplace if own_deletion else None,
        )

    def _alias(self, alias: alias_pb2.Alias, request: resource_pb2.RegisterResourceRequest) -> str:
        if alias.urn:
            return alias.urn
        spec, parent = alias.spec, request.parent
        if spec.stack or spec.project:
            raise RefusedError(f"an alias in another stack or project (of {request.type} '{request.name}') {NEEDS_CLI}")
        if spec.noParent:
            parent = ""
        elif spec.parentUrn:
            parent = self._generator.aliased.get(spec.parentUrn, spec.parentUrn)
        return make_urn(self._identity.urn_prefix, parent, spec.type or request.type, spec.name or request.name)

    def _inherited_aliases(self, parent: str, type: str, name: str, own: list[str]) -> list[str]:
        """Return what the resource was called when its parent still had its old name, alone and with each own alias."""
        before = self._generator.aliased.get(parent)
        if before is None:
            return []
        parent_name, old_name = parent.split("::", 3)[3], before.split("::", 3)[3]

        def inherit(type_: str, name_: str) -> str:
            # By convention a child is called <parent>-<noun>, and so followed its parent's name.
            old = old_name + name_[len(parent_name) :] if name_.startswith(parent_name) else name_
            return make_urn(self._identity.urn_prefix, before, type_, old)

        urns = [urn.split("::", 3) for urn in own]
        return [inherit(type, name), *(inherit(each[2].rsplit("$", 1)[-1], each[3]) for each in urns)]


def _invoke_response(answer: provider_pb2.InvokeResponse) -> resource_pb2.ResourceInvokeResponse:
    value: struct_pb2.Struct = getattr(answer, "return")  # a keyword of Python
    response = resource_pb2.ResourceInvokeResponse(failures=answer.failures)
    getattr(response, "return").CopyFrom(value)
    return response


def _timeouts(timeouts: resource_pb2.RegisterResourceRequest.CustomTimeouts) -> dict[str, float]:
    """Return seconds, from the durations of Go (``1h30m``) that the SDK sends."""
    texts = {"create": timeouts.create, "update": timeouts.update, "delete": timeouts.delete, "read": timeouts.read}
    return {
        key: sum(float(number) * _UNIT_SECONDS[unit] for number, unit in re.findall(r"([\d.]+)(h|ms|m|s)", text))
        for key, text in texts.items()
        if text
    }


def _refuse_unsupported(request: resource_pb2.RegisterResourceRequest) -> None:
    options = {
        "remote": "a remote component",
        "transforms": "the option transforms",
        "state_migrations": "the option state_migrations",
        "replace_with": "the option replace_with",
        "envVarMappings": "the option env_var_mappings",
        "packageRef": "a parameterized package",
        "retainOnDelete": "the option retain_on_delete",
    }
    unsupported = [text for name, text in options.items() if getattr(request, name)]
    if request.HasField("replacement_trigger"):
        unsupported.append("the option replacement_trigger")
    if request.hooks.ListFields():  # sent empty by every SDK
        unsupported.append("the option hooks")
    if contains_file(from_struct(request.object)):
        unsupported.append("a file asset or archive")
    if unsupported:
        raise RefusedError(f"{unsupported[0]} (of {request.type} '{request.name}') {NEEDS_CLI}")
