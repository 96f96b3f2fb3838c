"""A whole state as a document that can be read and changed, and the way back: ``pulumi stack export`` and ``import``.

Owns neither the format nor the journal. Secrets are in clear in the document, and encrypted on disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from pulumi_embedded.journal import Journal, former_path, locked
from pulumi_embedded.runner import EngineError, Options, passphrase_of
from pulumi_embedded.state import StateError, in_clear, parse_deployment, render_deployment, write_durably


def export_state(options: Options) -> dict[str, Any]:
    """Return the state with its secrets in clear, as ``pulumi stack export --show-secrets`` writes it.

    Raises ``EngineError``.
    """
    try:
        with locked(options.state_file, shared=False):
            journal = Journal(options.state_file, passphrase_of(options), durable=True)
            journal.close()
            text = options.state_file.read_text(encoding="utf-8")
            return cast("dict[str, Any]", in_clear(json.loads(text), journal.vault))
    except StateError as error:
        raise EngineError(str(error)) from None


def import_state(options: Options, document: Mapping[str, Any]) -> None:
    """Let the state be what a document with secrets in clear says, at once and as a whole. Raises ``EngineError``."""
    try:
        with locked(options.state_file, shared=False):
            Journal(options.state_file, passphrase_of(options), durable=True).close()
            parsed = parse_deployment(json.dumps(document), passphrase_of(options), options.state_file)
            text = render_deployment(list(parsed.resources), list(parsed.pending_creates), parsed.vault)
            write_durably(former_path(options.state_file), options.state_file.read_text(encoding="utf-8"))
            write_durably(options.state_file, text)
    except StateError as error:
        raise EngineError(str(error)) from None
