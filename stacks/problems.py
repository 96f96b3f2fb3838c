"""Problems of a settings file: which file, which line, what is allowed there, and the fix."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi

import go_yaml
from components import credentials
from components.arguments import Path
from components.problems import Problem
from railway_api.counting import count
from stacks.shared_settings import DEFAULTS_FILE

MOST_PROBLEMS = 50
"""Number of problems of a file that a report lists; it counts them all."""


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
            value = written or ("" if problem.value is None else _short(json.dumps(problem.value, ensure_ascii=False)))
            # An allowed string may be written otherwise: 16.0 is not '16'.
            listed = "'" not in problem.allowed or f"'{value}'" in problem.allowed
            fix = f'write "{value if listed else problem.value}" in quotes' if problem.wants_quotes else problem.fix
            allowed = problem.allowed
            # Where quotes alone would not make it right, a value is reported as a wrong string.
            if problem.wants_quotes and problem.rule and (demand := problem.rule.broken_by(value)):
                allowed, fix = f"{demand.removeprefix('be ')}, in quotes", problem.fix
            lines += [
                f"  {place}{f':{line}' if line else ''}: {key}{value and f' = {value}'}",
                f"    allowed: {allowed}",
                f"    fix: {fix}",
            ]
        if len(problems) > MOST_PROBLEMS:
            lines.append(f"  and {count(len(problems) - MOST_PROBLEMS, 'more problem')}: fix these first")
        # The author of a key may be a stranger, and any text may hold a credential.
        super().__init__("\n".join(go_yaml.printable(credentials.masked(line)) for line in lines))
        self.problems = tuple(problems)


def composed(text: str) -> go_yaml.Node | None:
    """Return the text of a settings file as nodes; None where it is not valid YAML."""
    try:
        return go_yaml.compose(text)
    except go_yaml.YamlError:
        return None


def _short(text: str) -> str:
    """Return what a line shows of a key or a value; masked first, since a credential cut short is not recognized."""
    return go_yaml.shortened(credentials.masked(text))


def _key(problem: Problem, prefix: str) -> str:
    text = "" if problem.absolute else prefix
    for index, key in enumerate(problem.path):
        text += f"[{key}]" if isinstance(key, int) else f".{_short(key)}" if index else _short(key)
    return text


def _in_files(
    documents: Mapping[str, go_yaml.Node | None], problem: Problem, prefix: str
) -> tuple[str, int | None, str]:
    """Return the file, the line and the value of a problem: in the file that has its key, else in the first of them."""
    locations = [(file, *_in_file(document, problem, prefix)) for file, document in documents.items()]
    file, line, written, _ = next(
        (each for each in locations if each[-1]), next((e for e in locations if e[1]), locations[0])
    )
    return file, line, written


def _in_file(document: go_yaml.Node | None, problem: Problem, prefix: str) -> tuple[int | None, str, bool]:
    """Return the line of the problem's key (or of what should hold it), and a plain value as it is written.

    A line of what an anchor or a merge brings is that of the anchor's own key. The last part is True if the key itself
    was found.
    """
    if not problem.path:
        return None, "", False
    first = problem.path[0] if problem.absolute else f"{prefix}{problem.path[0]}"
    line, node = located(document, ("config", first, *problem.path[1:]))
    written = (
        _short(go_yaml.written(node)) if node and problem.value is not None and _is_written_otherwise(node) else ""
    )
    return line, written, node is not None


def located(document: go_yaml.Node | None, place: Path) -> tuple[int | None, go_yaml.Node | None]:
    """Return the line of a place in a settings file (or of what should hold it), and the node there, each or None."""
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


def _is_written_otherwise(node: go_yaml.Node) -> bool:
    """Tell whether a value has other characters in the file than as a value: a number, a flag, a date."""
    node = go_yaml.resolved(node)
    if not isinstance(node, go_yaml.ScalarNode):
        return False
    value = go_yaml.scalar_of(node)
    return not isinstance(value, str) or isinstance(value, go_yaml.Timestamp)
