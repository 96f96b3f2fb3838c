"""Docstrings of functions begin with a verb in the imperative, those of classes with what an object of them is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.trees import parsed

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "components", "packages", "policies", "railyard", "stacks", "tools")
GENERATED = {"answers.py"}
NO_VERBS = re.compile(
    r"A|All|An|And|Another|Any|As|At|Become|Beside|Both|By|Each|Either|Every|Everybody|Everyone|Everything|Exactly|For|From|How|"
    r"If|In|Into|It|Its|Like|Named|Neither|Never|No|Nobody|None|Nothing|Of|On|One|Only|Or|Other|Out|Own|Service|"
    r"Several|Somebody|Someone|Something|Such|System|That|The|Their|Then|There|These|They|This|Those|Three|Through|To|Two|"
    r"Until|What|When|Where|Whether|Which|While|Who|Whoever|Whole|Whose|Why|With|Without|Worth"
)
NOT_THIRD_PERSON = frozenset(
    {"Access", "Address", "Compress", "Discuss", "Dismiss", "Express", "Pass", "Press", "Process"}
)


QUESTIONS = frozenset({"How", "What", "When", "Where", "Whether", "Which", "Who", "Whose", "Why"})


def openings(
    folder: str, *kinds: type[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module]
) -> Iterator[tuple[str, str]]:
    """Place and first word of the docstring of each definition of these kinds in a folder."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        if file.name in GENERATED:
            continue
        for node in ast.walk(parsed(file.read_text(encoding="utf-8"))):
            if isinstance(node, kinds) and (text := ast.get_docstring(node)):
                place = "" if isinstance(node, ast.Module) else f":{node.lineno} {node.name}"
                yield f"{file.relative_to(ROOT)}{place}", text.split()[0].rstrip(",:;.")


def is_verb(word: str) -> bool:
    """Whether a sentence can begin with this word as an order, as far as a list of other words tells."""
    third_person = word.endswith("s") and word not in NOT_THIRD_PERSON
    return bool(re.fullmatch(r"[A-Z][a-z]+", word)) and not NO_VERBS.fullmatch(word) and not third_person


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_of_functions_begin_with_a_verb(folder: str):
    """Return, Tell, Write …: neither a question word nor an article, neither a name nor the third person."""
    first_words = openings(folder, ast.FunctionDef, ast.AsyncFunctionDef)

    assert [f"{place}: {word}" for place, word in first_words if not is_verb(word)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_of_modules_and_classes_are_no_questions(folder: str):
    """Settings of a bucket, The outcome of an operation …: a noun that can be searched for."""
    first_words = openings(folder, ast.Module, ast.ClassDef)

    assert [f"{place}: {word}" for place, word in first_words if word in QUESTIONS] == []


@pytest.mark.parametrize("word", ["Whether", "What", "The", "Returns", "``text``", "Nothing"])
def test_other_words_are_found(word: str):
    """The check tells a verb from what stood there before."""
    assert not is_verb(word)
