"""Problems of a settings file, in words that a newcomer can act on.

Owns the form of a problem (file, line, key, value, what is allowed, the fix) and the translation of pydantic's errors
into it. Does not judge: the models do.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args, get_origin

import pulumi
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

import go_yaml
from components.arguments import Obeys
from pulumiverse_railway.rules import Rule
from railway_api.counting import count
from stacks import credentials
from stacks.arguments_tree import Path
from stacks.by_key import MARKED, NO_CHOICE
from stacks.shared_settings import DEFAULTS_FILE

MOST_PROBLEMS = 50
"""Problems of a file that a report lists; the number of all is told."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    path: Path
    """Keys from the system's name on."""
    value: Any
    """What stands there; None when it is missing."""
    allowed: str
    """What may stand there."""
    fix: str
    """What to do."""
    absolute: bool = False
    """Whether the first key is a whole configuration key."""
    wants_quotes: bool = False
    """Whether the value would be right in quotes."""
    rule: Rule | None = None
    """What a text there has to obey."""

    @classmethod
    def unknown_key(cls, path: Path, known: Sequence[str], *, place: str, absolute: bool = False) -> Problem:
        """Report a key that means nothing: with the nearest one that does, without its value, a secret perhaps."""
        fix = nearest_or_none(str(path[-1]), known)
        return cls(path, None, f"no such key in {place}; its keys are: {', '.join(known)}", fix, absolute)


def nearest_or_none(given: str, known: Iterable[str]) -> str:
    """Return what to do about a name that means nothing: write the nearest one that does, or remove it."""
    near = difflib.get_close_matches(given, list(known), n=1)
    return f"did you mean {near[0]}?" if near else "remove it"


class SettingsError(pulumi.RunError):
    """A settings file is refused; the text lists all that is wrong with it."""

    def __init__(
        self, file: str, problems: Sequence[Problem], *, prefix: str, text: str = "", defaults: str = ""
    ) -> None:
        lines = [f"{file} has {count(len(problems), 'problem')}:" if problems else file]
        documents = {file: composed(text), DEFAULTS_FILE: composed(defaults)}
        for problem in problems[:MOST_PROBLEMS]:
            key = _key(problem, prefix)
            place, line, written = _in_files(documents, problem, prefix)
            value = written or (
                "" if problem.value is None else go_yaml.shortened(json.dumps(problem.value, ensure_ascii=False))
            )
            # Of allowed texts one may be meant that is written otherwise: 16.0 is no '16'.
            listed = "'" not in problem.allowed or f"'{value}'" in problem.allowed
            fix = f'write "{value if listed else problem.value}" in quotes' if problem.wants_quotes else problem.fix
            allowed = problem.allowed
            # What is no text is told as one that is wrong, where quotes alone would not make it right.
            if problem.wants_quotes and problem.rule and (demand := problem.rule.broken_by(value)):
                allowed, fix = f"{demand.removeprefix('be ')}, in quotes", problem.fix
            lines += [
                f"  {place}{f':{line}' if line else ''}: {key}{value and f' = {value}'}",
                f"    allowed: {allowed}",
                f"    fix: {fix}",
            ]
        if len(problems) > MOST_PROBLEMS:
            lines.append(f"  and {count(len(problems) - MOST_PROBLEMS, 'more problem')}: mend these, and look again")
        # A stranger may have written the keys, and somebody a credential where none is expected.
        super().__init__("\n".join(go_yaml.printable(credentials.masked(line)) for line in lines))
        self.problems = tuple(problems)


def composed(text: str) -> go_yaml.Node | None:
    """Return the text of a settings file as nodes; None for one that is none."""
    try:
        return go_yaml.compose(text)
    except go_yaml.YamlError:
        return None


def problems_of(error: ValidationError, model: type[BaseModel], value: Any, path: Path) -> list[Problem]:
    """Return Pydantic's errors about ``value`` (settings of ``model`` at ``path``) as problems."""
    details = error.errors(include_url=False)
    # A system may make settings of others, the image of a commit: what is wrong there is wrong with that other one.
    written = [each for each in details if each["type"] == "missing" or _stands(value, _written(each["loc"]))]
    return [_problem(each, model, value, path) for each in written or details]


def _problem(details: ErrorDetails, model: type[BaseModel], value: Any, path: Path) -> Problem:
    kind, context = details["type"], details.get("ctx", {})
    place = _written(details["loc"])
    given = _at(value, place)
    owner = _model_at(model, details["loc"][:-1])
    if place[-1:] == (_IS_A_KEY,):
        place, given = place[:-1], None
    here: Path = (*path, *place)
    if kind == "extra_forbidden":
        return Problem.unknown_key(here, _keys(owner), place=".".join(map(str, here[:-1])))
    if kind == "missing":
        doc = _doc(owner, place[-1])
        return Problem(here, None, f"a value is required. {doc}", f"add {_named(place)}")
    if kind == NO_CHOICE:
        key, choices = str(context["key"]), str(context["choices"])
        named = cast("Mapping[str, Any]", given).get(key)
        fix = f"add {key}" if named is None else nearest_or_none(str(named), choices.split(", "))
        return Problem((*here, key), named, f"one of {choices}", fix)
    if kind == "value_error":
        said = details["msg"].removeprefix("Value error, ")
        allowed, _, fix = said.partition(": ")
        shown = None if isinstance(given, Mapping) else given
        return Problem(here, shown, allowed, fix or f"correct {_named(place)}")
    allowed = _ALLOWED.get(kind, details["msg"].removeprefix("Input should be ").lower()).format(**context)
    if kind in _GROUPS:
        allowed += f": {', '.join(_keys(_model_at(model, details['loc'])))}"
    quotes = isinstance(given, bool | int | float) and (
        kind == "string_type" or (kind == "literal_error" and f"'{given}'" in allowed)
    )
    rule = _rule(_field(owner, place[-1])) if place else None
    return Problem(here, given, allowed, _fix(kind, given, place), wants_quotes=quotes, rule=rule)


_IS_A_KEY = "[key]"
"""What pydantic puts behind a key that is wrong as a key."""
_GROUPS = {"model_type", "model_attributes_type"}
_ALLOWED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a group of keys",
    "model_type": "a group of keys",
    "model_attributes_type": "a group of keys",
    "literal_error": "one of {expected}",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "string_too_short": "a text that is not empty",
}


def _fix(kind: str, given: Any, place: Path) -> str:
    if isinstance(given, str) and type(go_yaml.plain_scalar(given.strip())) in _PLAIN.get(kind, ()):
        return f"write {given.strip()} without quotes"
    if kind == "tuple_type":
        return "begin each entry on its own line with a dash"
    if kind in _GROUPS and not given:
        return "write its keys below it, further to the right, or remove it"
    return f"correct {_named(place)}"


_PLAIN: Mapping[str, tuple[type, ...]] = {"int_type": (int,), "float_type": (int, float), "bool_type": (bool,)}
"""What a text has to be once its quotes are gone, so that they are all that is wrong with it."""


def _named(place: Path) -> str:
    """Return the last key as a person would name it: an entry of a list by the list's key, ``domains[0]``."""
    if not place:
        return "it"
    return f"{_named(place[:-1])}[{place[-1]}]" if isinstance(place[-1], int) else str(place[-1])


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _stands(value: Any, place: Path) -> bool:
    return not place or _at(value, place) is not None or place[-1] in (_at(value, place[:-1]) or ())


def _at(value: Any, place: Path) -> Any:
    for key in place:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _written(place: Path) -> Path:
    """Return a place without what stands in no file."""
    return tuple(key for key in place if key not in MARKED)


def _model_at(model: type[BaseModel], place: Path) -> type[BaseModel]:
    """Return the model of the innermost group around a place, in which chosen models are marked."""
    annotation: Any = model
    for key in place:
        annotation = MARKED.get(str(key)) or _below(annotation, key)
        model = _inner(annotation) or model
    return model


def _below(annotation: Any, key: str | int) -> Any:
    """Return the type of what stands below a key; None where that is no group."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = _field(annotation, key)
        return field and field.annotation
    if get_origin(annotation) in (dict, tuple):
        return get_args(annotation)[-1 if get_origin(annotation) is dict else 0]
    return next((found for part in get_args(annotation) if (found := _below(part, key)) is not None), None)


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part))), None)


def _field(model: type[BaseModel], key: str | int) -> Any:
    return next((field for name, field in model.model_fields.items() if key in (name, field.alias)), None)


def _rule(field: Any) -> Rule | None:
    """Return the rule that a field obeys, if it has one of its own."""
    parts = () if field is None else (*field.metadata, *_metadata(field.annotation))
    return next((part.rule for part in parts if isinstance(part, Obeys)), None)


def _metadata(annotation: Any) -> tuple[Any, ...]:
    own: tuple[Any, ...] = getattr(annotation, "__metadata__", ())
    return (*own, *(each for part in get_args(annotation) for each in getattr(part, "__metadata__", ())))


def _doc(model: type[BaseModel], key: str | int) -> str:
    field = _field(model, key)
    return " ".join((field.description or "").split()) if field else ""


def _key(problem: Problem, prefix: str) -> str:
    text = "" if problem.absolute else prefix
    for index, key in enumerate(problem.path):
        text += (
            f"[{key}]" if isinstance(key, int) else f".{go_yaml.shortened(key)}" if index else go_yaml.shortened(key)
        )
    return text


def _in_files(
    documents: Mapping[str, go_yaml.Node | None], problem: Problem, prefix: str
) -> tuple[str, int | None, str]:
    """Return the file, the line and the value of a problem: in the file that has its key, else in the first of them."""
    found = [(file, *_in_file(document, problem, prefix)) for file, document in documents.items()]
    file, line, written, _ = next((each for each in found if each[-1]), next((e for e in found if e[1]), found[0]))
    return file, line, written


def _in_file(document: go_yaml.Node | None, problem: Problem, prefix: str) -> tuple[int | None, str, bool]:
    """Return the line on which the problem's key (or what should hold it) stands, and a plain value as it is written.

    A line of what an anchor or a merge brings is that of the anchor's own key. The last part tells whether the key
    itself was found.
    """
    if not problem.path:
        return None, "", False
    first = problem.path[0] if problem.absolute else f"{prefix}{problem.path[0]}"
    line, node = located(document, ("config", first, *problem.path[1:]))
    written = (
        go_yaml.shortened(go_yaml.written(node)) if node and problem.value is not None and _is_no_text(node) else ""
    )
    return line, written, node is not None


def located(document: go_yaml.Node | None, place: Path) -> tuple[int | None, go_yaml.Node | None]:
    """Return the line on which a place of a settings file (or what should hold it) stands, and what stands there.

    None for what does not stand there.
    """
    line, node = None, document
    for key in place:
        node = None if node is None else go_yaml.resolved(node)
        if isinstance(node, go_yaml.MappingNode):
            pair = next((pair for pair in go_yaml.entries(node) if pair[0].text == key), None)
            if pair is None:
                return line, None
            line, node = pair[0].line, pair[1]
        elif isinstance(node, go_yaml.ListNode) and isinstance(key, int) and key < len(node.items):
            node = node.items[key]
            line = node.line
        else:
            return line, None
    return line, node


def _is_no_text(node: go_yaml.Node) -> bool:
    """Tell whether a value has other characters in the file than as a value: a number, a flag, a date."""
    node = go_yaml.resolved(node)
    if not isinstance(node, go_yaml.ScalarNode):
        return False
    value = go_yaml.scalar_of(node)
    return not isinstance(value, str) or isinstance(value, go_yaml.Moment)
