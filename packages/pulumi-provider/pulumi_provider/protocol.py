"""The messages and services of Pulumi's protocols, without the SDK around them.

The modules are part of the SDK, whose import takes longer than the rest of a plugin's start; a plugin needs nothing
else of it. Where the SDK is loaded already, they come from there. The messages are the same in both cases:
protobuf makes one class for each.
"""

# ruff: noqa: PLC0414 the names are for others to import from here

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import engine_pb2 as engine_pb2
    from pulumi.runtime.proto import engine_pb2_grpc as engine_pb2_grpc
    from pulumi.runtime.proto import plugin_pb2 as plugin_pb2
    from pulumi.runtime.proto import provider_pb2 as provider_pb2
    from pulumi.runtime.proto import provider_pb2_grpc as provider_pb2_grpc
    from pulumi.runtime.proto import status_pb2 as status_pb2

_MODULES = ("engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2")
_STUBS = "stubs_of_pulumi"


def _package() -> str:
    """Return the name of the package that has the modules, which is made where the SDK is not loaded."""
    if "pulumi" in sys.modules:
        return "pulumi.runtime.proto"
    if _STUBS not in sys.modules:
        sdk = find_spec("pulumi")
        if sdk is None or sdk.origin is None:
            return "pulumi.runtime.proto"  # whose import says what is missing
        stubs = ModuleType(_STUBS)
        stubs.__path__ = [str(Path(sdk.origin).parent / "runtime" / "proto")]
        sys.modules[_STUBS] = stubs
    return _STUBS


if not TYPE_CHECKING:
    for _name in _MODULES:
        globals()[_name] = import_module(f"{_package()}.{_name}")
