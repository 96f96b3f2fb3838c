"""Changes of a state without a run: single resources, and the export and import of a whole state.

Owns neither the format nor the journal. Secrets are in clear in a document, and encrypted on disk. All of it raises
``EngineError`` when the state cannot be used.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from pulumi_embedded.journal import Journal, former_path, locked
from pulumi_embedded.runner import EngineError, Options, passphrase_of
from pulumi_embedded.state import (
    Resource,
    StateError,
    in_clear,
    parse_deployment,
    render_deployment,
    timestamp,
    write_durably,
)
from pulumi_operations.values import Properties, secret


@contextmanager
def _state_of(options: Options) -> Generator[Journal]:
    """Keep runs away from the state while the body changes it; folded in are its changes, and those of a killed run."""
    try:
        with locked(options.state_file, shared=False):
            journal = Journal(options.state_file, passphrase_of(options), durable=True)
            yield journal
            journal.close()
    except StateError as error:
        raise EngineError(str(error)) from None


def unprotect(options: Options) -> int:
    """Lift the protection of all resources in the state; return how many had it."""
    with _state_of(options) as journal:
        protected = [resource for resource in journal.snapshot.remaining() if resource.protect]
        for resource in protected:
            journal.amend(replace(resource, protect=False), resource.place)
    return len(protected)


def add_resource(
    options: Options, urn: str, neighbour: str, *, id: str, inputs: Properties, outputs: Properties, hidden: str
) -> None:
    """Add what exists, but no provider can import, to the state, unless it is there.

    Provider and parent are those of ``neighbour``, which it depends on; ``hidden`` names the output that is a secret.
    """
    with _state_of(options) as journal:
        resources = {resource.urn: resource for resource in journal.snapshot.remaining()}
        if urn in resources:
            return
        beside, now = resources[neighbour], timestamp()
        added = Resource(
            urn=urn,
            custom=True,
            id=id,
            type=urn.split("::")[2].rpartition("$")[2],
            inputs=inputs,
            outputs={**outputs, hidden: secret(outputs[hidden])},
            parent=beside.parent,
            provider=beside.provider,
            dependencies=[neighbour],
            created=now,
            modified=now,
        )
        journal.settle(added)


def amend(options: Options, changes: Mapping[str, Properties]) -> None:
    """Set properties that no API knows in the state: URN → inputs, which are outputs too."""
    with _state_of(options) as journal:
        for resource in journal.snapshot.remaining():
            if own := changes.get(resource.urn):
                changed = replace(resource, inputs=resource.inputs | own, outputs=resource.outputs | own)
                journal.amend(changed, resource.place)


def forget(options: Options, urns: Collection[str]) -> int:
    """Remove resources from the state and leave them as they are; return how many."""
    with _state_of(options) as journal:
        forgotten = [resource for resource in journal.snapshot.remaining() if resource.urn in urns]
        journal.remove(forgotten)
    return len(forgotten)


def export_state(options: Options) -> dict[str, Any]:
    """Return the state with its secrets in clear, as ``pulumi stack export --show-secrets`` writes it."""
    with _state_of(options) as journal:
        journal.close()
        text = options.state_file.read_text(encoding="utf-8")
        return cast("dict[str, Any]", in_clear(json.loads(text), journal.vault))


def import_state(options: Options, document: Mapping[str, Any]) -> None:
    """Replace the state by a document with secrets in clear, at once and as a whole."""
    with _state_of(options) as journal:
        journal.close()
        parsed = parse_deployment(json.dumps(document), passphrase_of(options), options.state_file)
        text = render_deployment(list(parsed.resources), list(parsed.pending_creates), parsed.vault)
        write_durably(former_path(options.state_file), options.state_file.read_text(encoding="utf-8"))
        write_durably(options.state_file, text)
