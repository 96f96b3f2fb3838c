"""A provider of things, for the engine's tests: what exists lies as one file each in the directory ``THINGS``.

Inputs steer it. ``kind`` and ``made_for`` replace, ``early`` asks for deletion before replacement; ``fail``, ``half``
and ``bad`` are texts of failures; ``hang`` waits for Cancel, ``clings`` does so when it is deleted, ``meets`` until so
many creates are under way; a deletion waits until the thing ``outlived_by`` exists; ``die`` ends the process after the
thing exists. Each call is one line of ``calls`` in that directory. Written against raw gRPC, so that it has no opinion
of its own on values.
"""

# The methods are the protocol's own.
# ruff: noqa: N802

from __future__ import annotations

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

HOME = Path(os.environ["THINGS"])
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
SAME, DIFFERS = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
CANNOT_TELL = provider_pb2.DiffResponse.DIFF_UNKNOWN
REPLACING = ("kind", "made_for")
LONGEST_S = 600
TAKES_SECRETS = os.environ.get("THINGS_TAKE_SECRETS", "") == "yes"


def as_dict(struct: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(struct)


def as_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return plain(value["value"]) if value.get(SIGNATURE) == SECRET else {k: plain(v) for k, v in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def file_of(id: str) -> Path:
    return HOME / f"{id}.thing"


def write(id: str, name: str, inputs: dict[str, Any]) -> None:
    temporary = HOME / f"{id}.new"  # others read while this is written
    temporary.write_text(json.dumps({"name": name, "inputs": inputs}))
    temporary.replace(file_of(id))


def outputs_of(id: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {**inputs, "url": f"https://{id}", "token": {SIGNATURE: SECRET, "value": f"token-of-{id}"}}


class Things(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, engine: str) -> None:
        self.engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine))
        self.cancelled = threading.Event()
        self.lock = threading.Lock()
        self.meetings: dict[int, threading.Barrier] = {}
        self.config: dict[str, Any] = {}

    def note(self, call: str, name: str, **more: Any) -> None:
        with self.lock, (HOME / "calls").open("a") as file:
            file.write(json.dumps({"call": call, "name": name, **more}) + "\n")

    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=TAKES_SECRETS, accept_resources=False)

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request, context):
        if "refuse" in request.news.fields:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "this configuration is refused")
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        moved = as_dict(request.old_inputs).get("region") != as_dict(request.news).get("region")
        return provider_pb2.DiffResponse(replaces=["region"] if moved else [], changes=DIFFERS if moved else SAME)

    def Configure(self, request, context):
        self.config = as_dict(request.args)
        self.note("configure", request.name, args=plain(self.config), id=request.id)
        return provider_pb2.ConfigureResponse(acceptSecrets=TAKES_SECRETS, supportsPreview=True)

    def Check(self, request, context):
        inputs = as_dict(request.news)
        inputs.setdefault("label", as_dict(request.olds).get("label", f"auto-{request.randomSeed.hex()[:6]}"))
        bad = plain(inputs.get("bad"))
        failures = [provider_pb2.CheckFailure(reason=bad)] if bad else []
        return provider_pb2.CheckResponse(inputs=as_struct(inputs), failures=failures)

    def Diff(self, request, context):
        self.note("diff", request.name)
        old, new = plain(as_dict(request.old_inputs)), plain(as_dict(request.news))
        if new.get("shrug"):
            return provider_pb2.DiffResponse(changes=CANNOT_TELL)
        answer = provider_pb2.DiffResponse(
            changes=SAME, hasDetailedDiff=True, deleteBeforeReplace=bool(new.get("early"))
        )
        for key in sorted({*old, *new}):
            if old.get(key) == new.get(key) or key in request.ignoreChanges:
                continue
            kind = "DELETE" if key not in new else "ADD" if key not in old else "UPDATE"
            full = f"{kind}_REPLACE" if key in REPLACING else kind
            answer.detailedDiff[key].kind = provider_pb2.PropertyDiff.Kind.Value(full)
            answer.detailedDiff[key].inputDiff = True
            answer.diffs.append(key)
            answer.changes = DIFFERS
            if key in REPLACING:
                answer.replaces.append(key)
        return answer

    def Create(self, request, context):
        inputs = as_dict(request.properties)
        values = plain(inputs)
        if request.preview:
            known = {**inputs, "url": UNKNOWN, "token": {SIGNATURE: SECRET, "value": UNKNOWN}}
            return provider_pb2.CreateResponse(properties=as_struct(known))
        interrupted = ("railyard-interrupted", "true") in context.invocation_metadata()
        self.note("create", request.name, interrupted=interrupted, timeout=request.timeout)
        if values.get("meets"):
            self.meet(int(values["meets"]))
        if values.get("fail"):
            context.abort(grpc.StatusCode.UNKNOWN, values["fail"])
        if values.get("hang"):
            self.say(request.urn, "waiting to be cancelled", ephemeral=True)
            self.cancelled.wait()
            self.half(context, f"{request.name}-1", inputs, ["was cancelled"], grpc.StatusCode.CANCELLED)
        time.sleep(values.get("seconds", 0))
        made = self.left_over(request.name, values) if interrupted else ""
        if not made:
            made = self.next_id(request.name)
            write(made, request.name, values)
        if values.get("die") and not interrupted:
            os._exit(1)
        self.say(request.urn, f"made {made}")
        if values.get("half"):
            self.half(context, made, inputs, [values["half"]])
        return provider_pb2.CreateResponse(id=made, properties=as_struct(outputs_of(made, inputs)))

    def meet(self, number: int) -> None:
        with self.lock:
            meeting = self.meetings.setdefault(number, threading.Barrier(number))
        meeting.wait(LONGEST_S)

    def left_over(self, name: str, values: dict[str, Any]) -> str:
        wanted = {"name": name} if values.get("finds_by_name") else {"name": name, "inputs": values}
        for path in sorted(HOME.glob(f"{name}-*.thing"), reverse=True):
            if wanted.items() <= json.loads(path.read_text()).items():
                return path.stem
        return ""

    def next_id(self, name: str) -> str:
        with self.lock:
            used = HOME / f"{name}.count"
            number = int(used.read_text()) + 1 if used.exists() else 1
            used.write_text(str(number))
            return f"{name}-{number}"

    def half(self, context, id, inputs, reasons, code=grpc.StatusCode.UNKNOWN) -> None:
        status = status_pb2.Status(code=code.value[0], message="half made")
        detail = provider_pb2.ErrorResourceInitFailed(
            id=id, properties=as_struct(outputs_of(id, inputs)), inputs=as_struct(inputs), reasons=reasons
        )
        status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, "half made")

    def say(self, urn: str, text: str, *, ephemeral: bool = False) -> None:
        self.engine.Log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn, ephemeral=ephemeral))

    def Update(self, request, context):
        inputs = as_dict(request.news)
        values = plain(inputs)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=as_struct(outputs_of(request.id, inputs)))
        self.note("update", request.name, timeout=request.timeout)
        time.sleep(values.get("seconds", 0))
        if values.get("fail"):
            context.abort(grpc.StatusCode.UNKNOWN, values["fail"])
        write(request.id, request.name, values)
        if values.get("half"):
            self.half(context, request.id, inputs, [values["half"]])
        return provider_pb2.UpdateResponse(properties=as_struct(outputs_of(request.id, inputs)))

    def Read(self, request, context):
        file = file_of(request.id)
        self.note("read", request.name, importing=not request.HasField("inputs"))
        if (HOME / "unreadable").exists():
            context.abort(grpc.StatusCode.UNKNOWN, "503 from the cloud")
        if not file.exists():
            return provider_pb2.ReadResponse()
        inputs = json.loads(file.read_text())["inputs"]
        outputs = outputs_of(request.id, inputs)
        if (HOME / "unhealthy").exists():
            self.half(context, request.id, inputs, ["does not feel well"])
        return provider_pb2.ReadResponse(id=request.id, inputs=as_struct(inputs), properties=as_struct(outputs))

    def Delete(self, request, context):
        self.note("delete", request.name, id=request.id)
        values = plain(as_dict(request.old_inputs))
        time.sleep(values.get("seconds", 0))
        while values.get("outlived_by") and not file_of(values["outlived_by"]).exists():
            time.sleep(0.01)
        if values.get("clings"):
            self.say(request.urn, "waiting to be cancelled", ephemeral=True)
            self.cancelled.wait(LONGEST_S)
            context.abort(grpc.StatusCode.CANCELLED, "was cancelled")
        if values.get("stuck"):
            context.abort(grpc.StatusCode.UNKNOWN, values["stuck"])
        file_of(request.id).unlink(missing_ok=True)
        return empty_pb2.Empty()

    def Invoke(self, request, context):
        arguments = as_dict(request.args)
        self.note("invoke", request.tok)
        if arguments.get("fail"):
            context.abort(grpc.StatusCode.UNKNOWN, arguments["fail"])
        answer = {"answer": f"you asked {arguments.get('question')}"}
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(as_struct(answer))
        return response

    def Cancel(self, request, context):
        self.cancelled.set()
        return empty_pb2.Empty()


def main() -> None:
    if (HOME / "broken").exists():
        sys.exit("this plugin is broken")
    engine = next(argument for argument in reversed(sys.argv[1:]) if not argument.startswith("-"))
    server = grpc.server(ThreadPoolExecutor(64))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Things(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - how a plugin tells its port
    server.wait_for_termination()


if __name__ == "__main__":
    main()
