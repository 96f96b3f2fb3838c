"""The state of a resource in the engine: its outputs, its inputs as read back, and what a preview can tell of both.

Owns the rules between a state and the inputs it came from. Outputs mirror the inputs and add to them. Pure functions:
nothing here calls an API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from google.protobuf import struct_pb2

from .conversion import get, named, typed, wire
from .declaration import UNKNOWN, Inputs, Resource
from .properties import Field, Group, fields_of, output_fields
from .values import encode

Named = Mapping[str, Any]


def old_state(resource: Resource[Any, Any], outputs: Mapping[str, Any]) -> Inputs:
    """Return the typed state from decoded outputs of the engine's state."""
    return typed(resource.state_type, named(fields_of(resource.state_type), outputs))


def owned_state(resource: Resource[Any, Any], state: Inputs, inputs: Mapping[str, Any] | None) -> Inputs:
    """Return the state without the properties that ``inputs`` (wire form) lacks.

    A refresh has found those, and the program does not own them.
    """
    if inputs is None:
        return state
    fields = fields_of(resource.inputs_type)
    typed_inputs = typed(resource.inputs_type, named(fields, inputs))
    absent = [field.name for field in fields if field.wire_name not in inputs]
    return replace(state, **{name: get(typed_inputs, name) for name in absent})


def outputs_of(resource: Resource[Any, Any], state: Inputs | Named, *, imported: bool = False) -> struct_pb2.Struct:
    """Return the outputs that the engine stores for a state; ``imported``: no program has said what of it is secret."""
    return encode(wire(fields_of(resource.state_type), state, mark_secrets=True, imported=imported))


def state_before(resource: Resource[Any, Any], old: Inputs) -> dict[str, Any]:
    """Return what only the state has of a resource (named form), as it was before an update."""
    return {field.name: get(old, field.name) for field in output_fields(resource.inputs_type, resource.state_type)}


def partial_outputs(resource: Resource[Any, Any], state: Inputs | Named | None, known: Named) -> struct_pb2.Struct:
    """Return the outputs after a failed initialization: the state, or its known parts on top of what was known before.

    ``known`` holds the inputs and, after an update, the outputs that the state had.
    """
    if isinstance(state, Inputs):
        return outputs_of(resource, state)
    known_outputs = (
        {field.name: get(state, field.name) for field in fields_of(resource.state_type)} if state is not None else {}
    )
    return outputs_of(
        resource, {**known, **{name: value for name, value in known_outputs.items() if value is not None}}
    )


def previewed_create(resource: Resource[Any, Any], inputs: Named) -> struct_pb2.Struct:
    """Return the outputs of a create that has not happened: inputs, known outputs, and UNKNOWN for the rest."""
    known_outputs = resource.known_outputs(inputs)
    news = output_fields(resource.inputs_type, resource.state_type)
    return outputs_of(resource, {**inputs, **{field.name: known_outputs.get(field.name, UNKNOWN) for field in news}})


def previewed_update(resource: Resource[Any, Any], inputs: Named, old: Inputs) -> struct_pb2.Struct:
    """Return the outputs of an update that has not happened; stable ones keep their old value."""
    known_outputs = resource.known_outputs(inputs)
    outputs: dict[str, Any] = {}
    for field in output_fields(resource.inputs_type, resource.state_type):
        before = get(old, field.name)
        stays = field.mark.stable and not (before is None and field.required)
        outputs[field.name] = before if stays else known_outputs.get(field.name, UNKNOWN)
    return outputs_of(resource, {**inputs, **outputs})


def with_carried(fields: Sequence[Field], current: Inputs | Named, old: Inputs | Named | None) -> dict[str, Any]:
    """Return what was read (named form), with write-only properties as they were before."""
    values = {field.name: get(current, field.name) for field in fields}
    for field in fields:
        before, now = (None if old is None else get(old, field.name)), values[field.name]
        if now is None and field.mark.write_only:
            values[field.name] = before
        elif isinstance(field.type, Group) and now is not None:
            values[field.name] = with_carried(field.type.fields, now, before)
    return values


def inputs_as_read(
    resource: Resource[Any, Any], current: Named, old_inputs: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the inputs (wire form) that would have led to what was read.

    On a refresh only of properties that the user owns: one that was never set is the API's business, not drift. On an
    import (no old inputs) all that is set and not the API's own choice.
    """
    fields = fields_of(resource.inputs_type)
    old = None if old_inputs is None else named(fields, old_inputs)
    owned = _owned(fields, current, old)
    if old is None:
        owned = {name: value for name, value in owned.items() if name not in resource.left_out(current)}
    return wire(fields, with_carried(fields, owned, old), mark_secrets=True, imported=old is None)


def _owned(fields: Sequence[Field], current: Named, old: Named | None) -> dict[str, Any]:
    owned: dict[str, Any] = {}
    for field in fields:
        value, before = get(current, field.name), None if old is None else old.get(field.name)
        if value is None or (old is not None and before is None) or (old is None and value in ([], {})):
            continue
        if isinstance(field.type, Group):
            nested = cast("Mapping[str, Any] | None", before if isinstance(before, Mapping) else None)
            value = _owned(field.type.fields, value, nested)
        if not (field.mark.write_only and old is not None):
            owned[field.name] = value
    return owned
