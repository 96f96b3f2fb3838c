"""Writes ``railway_api/answers.py``: a type for each thing that a GraphQL document selects.

Started as ``python -m tools.railway_answers``. With ``--check`` nothing is written, and the exit code is
1 when the file is out of date. Either way each operation and document has to be declared with the type of its answer
(``PROJECT: Operation[Project] = query(...)``): those that are not are told, and the exit code is 1.

Reads the documents, and Railway's schema as the sandbox has it. That is a file of another package, so this is a tool
of the repository and no part of the client.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import graphql

from railway_api import documents
from railway_api.documents import Declared
from railway_api.operation import Document, Operation

ROOT: Final = Path(__file__).parents[1]
ANSWERS: Final = ROOT / "packages" / "railway-api" / "railway_api" / "answers.py"
SCHEMA: Final = ROOT / "packages" / "railway-sandbox" / "railway_sandbox" / "railway" / "schema.graphql"
HEADER: Final = '''"""Types of what Railway answers, one for each thing that a document selects.

Generated from railway_api/documents and Railway's schema by tools/railway_answers.py: do not edit.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

from railway_api.relay import Connection, FirstPage, Page
from railway_api.scalars import DeploymentMeta, EnvironmentConfig, Json
'''
SCALARS: Final = {
    "ID": "str",
    "String": "str",
    "Boolean": "bool",
    "Int": "int",
    "Float": "float",
    "DateTime": "str",
    "BigInt": "int | str",
    "EnvironmentConfig": "EnvironmentConfig",
    "EnvironmentVariables": "dict[str, str]",
    "DeploymentMeta": "DeploymentMeta",
}
"""Python's types for Railway's scalars. Of any other scalar nothing is known but that it is JSON."""
CONNECTIONS: Final = {
    "edges": "Connection",
    "edges pageInfo.hasNextPage": "FirstPage",
    "edges pageInfo.endCursor pageInfo.hasNextPage": "Page",
}
"""The generic types for lists of nodes, by what is selected beside the node."""


@dataclass
class Selection:
    """Fields of a type that documents select together."""

    type: graphql.GraphQLObjectType
    fields: list[graphql.FieldNode]
    owner: str | None
    """The type of which they are a field; None for a root field."""
    documents: list[str] = field(default_factory=list[str])
    is_root: bool = False
    """True when it is the whole answer of an operation."""


class Answers:
    """The types of the answers to some operations and documents."""

    def __init__(self, schema: graphql.GraphQLSchema, declared: list[Declared]) -> None:
        self._schema = schema
        self._enums: set[str] = set()
        self._selections: dict[str, Selection] = {}
        self._roots: list[tuple[Declared, graphql.GraphQLObjectType, list[graphql.FieldNode]]] = []
        for item in declared:
            self._collect(item)
        self._names = self._named()

    def of(self, declared: Declared) -> str:
        """Return the type of an answer."""
        if isinstance(declared, Document):
            return _capitalised(declared.name)
        root, (selected,) = next((root, fields) for item, root, fields in self._roots if item is declared)
        return self._annotation(str(root.fields[selected.name.value].type), selected)

    def module(self) -> str:
        """Return the text of the module."""
        classes = {self._names[key]: self._class(selection) for key, selection in self._selections.items()}
        for item, root, fields in self._roots:
            if isinstance(item, Document):
                classes[self.of(item)] = self._class(Selection(root, fields, None, [item.name]), "Hold the answer to")
        enums = [_alias(self._schema, name) for name in sorted(self._enums)]
        bodies = [f"class {name}(TypedDict):\n{body}" for name, body in sorted(classes.items())]
        return "\n\n\n".join([HEADER + "\n" + "\n".join(enums), *bodies]) + "\n"

    def _collect(self, item: Declared) -> None:
        text, name = (item.text, item.name) if isinstance(item, Document) else (item.document(), item.field)
        (definition,) = graphql.parse(text).definitions
        assert isinstance(definition, graphql.OperationDefinitionNode)
        root = self._schema.get_root_type(definition.operation)
        assert root is not None
        fields = _fields(definition)
        self._roots.append((item, root, fields))
        for selected in fields:
            self._visit(str(root.fields[selected.name.value].type), selected, name, is_root=isinstance(item, Operation))

    def _visit(
        self,
        type: str,
        selected: graphql.FieldNode,
        name: str,
        owner: str | None = None,
        *,
        is_root: bool = False,
    ) -> None:
        """Note what a field selects, and what its fields select in turn."""
        type_ = self._schema.type_map[type.strip("[]!")]
        if not isinstance(type_, graphql.GraphQLObjectType):
            return
        if type_.name.endswith("Connection"):
            node_type, node = _node(self._schema, type_, selected)
            self._visit(node_type.name, node, name, owner, is_root=is_root)
            return
        selection = self._selections.setdefault(_key(type_, selected), Selection(type_, _fields(selected), owner))
        selection.documents += [name] if name not in selection.documents else []
        selection.is_root |= is_root
        for inner in selection.fields:
            self._visit(str(type_.fields[inner.name.value].type), inner, name, type_.name)

    def _named(self) -> dict[str, str]:
        """Return the name of each selection: Railway's for the type, alone for the one that shows most.

        The others add the type in which they stand or, where that does not tell them apart, the first document.
        """
        by_type: dict[str, list[str]] = defaultdict(list)
        for key, selection in self._selections.items():
            by_type[selection.type.name].append(key)
        names: dict[str, str] = {}
        for type_name, keys in by_type.items():
            roots = [key for key in keys if self._selections[key].is_root or len(keys) == 1]
            main = max(roots, key=lambda key: len(self._selections[key].fields), default=None)
            owners = [self._selections[key].owner for key in keys if key != main]
            for key in keys:
                owner, by = self._selections[key].owner, _capitalised(self._selections[key].documents[0])
                of_owner = owner is not None and owners.count(owner) == 1
                names[key] = type_name + ("" if key == main else f"Of{owner}" if of_owner else f"In{by}")
        assert len({*names.values()}) == len(names), "two selections have the same name"
        return names

    def _class(self, selection: Selection, verb: str = "Hold the fields selected by") -> str:
        by = ", ".join(selection.documents[:2]) + (", ..." if len(selection.documents) > 2 else "")
        lines = [f'    """{verb} {by}."""'.replace("....", "..."), ""]
        for each in selection.fields:
            annotation = self._annotation(str(selection.type.fields[each.name.value].type), each)
            if each.directives:
                annotation = f"NotRequired[{annotation}]"
            lines.append(f"    {each.alias.value if each.alias else each.name.value}: {annotation}")
        return "\n".join(lines)

    def _annotation(self, type: str, selected: graphql.FieldNode) -> str:
        """Return Python's type for a type in the schema's notation, ``[Project!]!``."""
        return self._not_null(type[:-1], selected) if type.endswith("!") else f"{self._not_null(type, selected)} | None"

    def _not_null(self, type: str, selected: graphql.FieldNode) -> str:
        if type.startswith("["):
            return f"list[{self._annotation(type[1:-1], selected)}]"
        type_ = self._schema.type_map[type]
        if isinstance(type_, graphql.GraphQLEnumType):
            self._enums.add(type)
            return type
        if isinstance(type_, graphql.GraphQLScalarType):
            return SCALARS.get(type, "Json")
        assert isinstance(type_, graphql.GraphQLObjectType), f"{type} is of a kind that is not known here"
        if type.endswith("Connection"):
            beside = sorted(_paths(selected, leaf="edges"))
            return f"{CONNECTIONS[' '.join(beside)]}[{self._names[_key(*_node(self._schema, type_, selected))]}]"
        return self._names[_key(type_, selected)]


def _capitalised(name: str) -> str:
    return name[0].upper() + name[1:]


def _fields(node: graphql.FieldNode | graphql.OperationDefinitionNode) -> list[graphql.FieldNode]:
    selected = node.selection_set.selections if node.selection_set else ()
    assert all(isinstance(each, graphql.FieldNode) for each in selected), "fragments are not known here"
    return [each for each in selected if isinstance(each, graphql.FieldNode)]


def _node(
    schema: graphql.GraphQLSchema, connection: graphql.GraphQLObjectType, selected: graphql.FieldNode
) -> tuple[graphql.GraphQLObjectType, graphql.FieldNode]:
    """Return the type of a connection's nodes, and the field that selects them."""
    edges = next(each for each in _fields(selected) if each.name.value == "edges")
    edge = schema.type_map[str(connection.fields["edges"].type).strip("[]!")]
    assert isinstance(edge, graphql.GraphQLObjectType)
    assert f"{connection.fields['edges'].type} {edge.fields['node'].type}".count("!") == 3, "edges may be null"
    node = schema.type_map[str(edge.fields["node"].type).strip("!")]
    assert isinstance(node, graphql.GraphQLObjectType)
    return node, _fields(edges)[0]


def _paths(selected: graphql.FieldNode, *, leaf: str = "", above: str = "") -> Iterator[str]:
    """Give the paths of all that a field selects; of ``leaf`` nothing that is in it."""
    for each in _fields(selected):
        path = f"{above}{each.name.value}{' if asked' if each.directives else ''}"
        if _fields(each) and each.name.value != leaf:
            yield from _paths(each, above=f"{path}.")
        else:
            yield path


def _key(type: graphql.GraphQLObjectType, selected: graphql.FieldNode) -> str:
    """Return what tells two selections apart, whatever the order of their fields."""
    return f"{type.name}: {' '.join(sorted(_paths(selected)))}"


def _alias(schema: graphql.GraphQLSchema, name: str) -> str:
    enum = schema.type_map[name]
    assert isinstance(enum, graphql.GraphQLEnumType)
    values = "".join(f"    {value!r},\n".replace("'", '"') for value in enum.values)
    short = f"{name}: TypeAlias = Literal[{', '.join(enum.values)!r}]".replace("'", '"').replace(", ", '", "')
    return short if len(short) <= 120 else f"{name}: TypeAlias = Literal[\n{values}]"


def wrongly_declared(answers: Answers) -> Iterator[str]:
    """Tell which operations and documents are not declared with the type of their answer."""
    for module in documents.modules():
        file = module.__name__.replace(".", "/")
        for name, item in documents.declared_in(module):
            annotation = f"{'Document' if isinstance(item, Document) else 'Operation'}[{answers.of(item)}]"
            if module.__annotations__[name] != annotation:
                yield f"{file}.py: {name} has to be declared as {annotation}"
            if isinstance(item, Operation) and item.nullable != annotation.endswith("| None]"):
                yield f"{file}.py: {name} needs nullable={not item.nullable}"
        for name, item in vars(module).items():
            if isinstance(item, Operation | Document) and not any(item is each for each in documents.DECLARED):
                yield f"{file}.py: {name} has to be declared with the type of its answer"


def generated() -> Answers:
    """Return the types of everything that the documents of the package answer."""
    schema = graphql.build_schema(SCHEMA.read_text(encoding="utf-8"), assume_valid=True)
    return Answers(schema, [*documents.DECLARED])


def main(arguments: list[str]) -> int:
    """Write, or check; return the exit code."""
    answers = generated()
    text = answers.module()
    problems = [*wrongly_declared(answers)]
    current = ANSWERS.exists() and ANSWERS.read_text(encoding="utf-8") == text
    if "--check" in arguments and not current:
        problems.append("railway_api/answers.py is out of date: bring it up to date with 'make generate'")
    elif not current:
        ANSWERS.write_text(text, encoding="utf-8")
        sys.stdout.write("changed: packages/railway-api/railway_api/answers.py\n")
    sys.stdout.writelines(f"{each}\n" for each in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
