"""The page on every operation of Railway's API that the provider can send.

    python -m tests.pages.operations              writes docs/railway/operations.md
    python -m tests.pages.operations --check      says whether it is current

Owns the page. Operations are read off the provider's documents, their users off its imports, and what is simulated off
the sandbox; nothing is listed by hand.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from graphql import FieldNode, OperationDefinitionNode, parse

from pulumiverse_railway import provider
from pulumiverse_railway.provider.functions import ALL as FUNCTIONS
from pulumiverse_railway.provider.resources import ALL as RESOURCES
from railway_api import documents
from railway_sandbox.railway.operations import MUTATIONS, QUERIES
from tests.provider.matrix.rows import ROWS
from tests.provider.matrix.trouble import FAULTS

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "railway" / "operations.md"
SOURCES: Final = (Path(documents.__file__).parents[1], Path(provider.__file__).parent)
DOCUMENTS: Final = "railway_api.documents"
COMMANDS: Final = ROOT / "railyard"
COMMAND_LINE: Final = "*railyard*"

_HEAD: Final = """\
# Operations

Every operation of Railway's GraphQL API that the provider can send, written by `make generate`.

- *Used by*: the resources and functions that send it themselves. In italics stand shared parts: *commits* write all
  settings of an environment, *deployments* follow what these start, *endings* tell why one failed, *rollback* goes back
  to the one before, *environment* reads all that is in one, *others* finds what somebody else changed in it, *identity*
  knows the token, *client* its projects. *railyard* stands for its commands.
- *Simulated*: whether the sandbox answers it. Tests hold each type, field and argument of the sandbox's schema to
  Railway's.
- *Checked*: whether each document that holds it is validated by tests, against the sandbox's schema and Railway's own.
- *Faults*: in how many rows of [the fault matrix](faults.md) a mutation meets each of its {faults} faults.

| operation | kind | used by | simulated | checked | faults |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The page as Markdown."""
    known = users()
    rows = [_row(field, kind, known) for field, kind in sorted(_operations().items())]
    return _HEAD.format(faults=len(FAULTS)) + "\n".join(rows) + "\n"


def _row(field: str, kind: str, users: Mapping[str, list[str]]) -> str:
    simulated = field in (MUTATIONS if kind == "mutation" else QUERIES)
    tried = str(sum(row.mutation == field for row in ROWS)) if kind == "mutation" else ""
    used_by = ", ".join(users.get(field, ()))
    return f"| `{field}` | {kind} | {used_by} | {'yes' if simulated else 'no'} | yes | {tried} |"


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """The root fields of a document, each with its kind."""
    for definition in parse(text).definitions:
        if isinstance(definition, OperationDefinitionNode):
            for part in definition.selection_set.selections:
                if isinstance(part, FieldNode):
                    yield part.name.value, definition.operation.value


def _operations() -> dict[str, str]:
    return {field: kind for _, text in documents.DOCUMENTS for field, kind in _fields(text)}


def users() -> dict[str, list[str]]:
    """For each root field who imports a document that holds it; COMMAND_LINE stands for railyard's commands."""
    names = {each.__module__: each.token.rpartition(":")[2] for each in (*RESOURCES, *FUNCTIONS)}
    found: dict[str, set[str]] = {}
    for module, path in _modules():
        if module.startswith(DOCUMENTS):
            continue
        user = names.get(module) or f"*{path.stem}*"
        for field in _sent_by(path):
            found.setdefault(field, set()).add(user)
    for field in (field for path in sorted(COMMANDS.rglob("*.py")) for field in _sent_by(path)):
        found.setdefault(field, set()).add(COMMAND_LINE)
    return {field: sorted(those, key=str.swapcase) for field, those in found.items()}


def _modules() -> Iterator[tuple[str, Path]]:
    """The modules of client and provider with their files."""
    for package, source in zip(("railway_api", provider.__name__), SOURCES, strict=True):
        for path in sorted(source.rglob("*.py")):
            yield ".".join((package, *path.relative_to(source).with_suffix("").parts)), path


def _sent_by(path: Path) -> Iterator[str]:
    """The root fields of the documents that a module imports by name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(DOCUMENTS):
            continue
        for alias in node.names:
            for text in _texts(str(node.module), alias.name):
                yield from (field for field, _ in _fields(text))


def _texts(module: str, name: str) -> Iterator[str]:
    """The document of that name; of a function that makes documents all that it can hold."""
    declared = vars(sys.modules[module])[name]
    if isinstance(declared, documents.Operation):
        yield declared.document()
    elif isinstance(declared, documents.Document):
        yield declared.text
    elif name == "progress":
        yield declared(snapshot=True, domains=1, deployments=1).text


def main() -> int:
    """Write, or check; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.pages.operations", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--check", action="store_true", help="write nothing, and fail when the page is out of date")
    arguments = parser.parse_args()
    text = page()
    if not arguments.check:
        PAGE.write_text(text)
        return 0
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    sys.stdout.write(f"out of date: {PAGE.relative_to(ROOT)}: bring it up to date with: make generate\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
