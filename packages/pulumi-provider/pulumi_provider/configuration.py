"""The configuration of a provider: the same declared properties, in the shape that the engine gives them.

It differs from the inputs of a resource: values that are not strings may come as JSON text, and the engine adds keys of
its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

from .checking import CheckResult, check_inputs
from .declaration import Inputs
from .properties import Choice, Field, Scalar, fields_of
from .values import decode

ENGINE_KEYS: Final = ("version", "pluginDownloadURL", "pluginChecksums", "parameterization")
"""Keys that the engine adds to a provider's configuration for its own use."""


def check_configuration(declared: type[Inputs], arguments: struct_pb2.Struct | Mapping[str, str]) -> CheckResult:
    """Return configuration as checked values; ``arguments`` is the struct of a request, or its older form of texts."""
    values = decode(arguments) if isinstance(arguments, struct_pb2.Struct) else _without_namespace(arguments)
    fields = {field.wire_name: field for field in fields_of(declared)}
    parsed = {key: _parsed(fields[key], value) if key in fields else value for key, value in values.items()}
    return check_inputs(declared, parsed, ignored=ENGINE_KEYS)


def _without_namespace(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return ``railway:config:token`` → ``token``."""
    return {key.rpartition(":")[2]: value for key, value in variables.items()}


def _parsed(field: Field, value: Any) -> Any:
    is_text = field.type == Scalar(str) or isinstance(field.type, Choice)
    if is_text or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
