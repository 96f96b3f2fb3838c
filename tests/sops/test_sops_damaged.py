"""SOPS files that somebody has changed: each is read to the values that it had, or refused without a word of them."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sops
from tests.sops import real_program
from tests.sops.encrypting import ENVIRONMENT, KEY_FILE, encrypted

FILES = 150
SECRET = "hunter2"
TREE: dict[str, Any] = {
    "a": {"TOKEN": SECRET, "PORT": 5432, "FLAG": True, "RATE": 0.5},
    "b": {"LIST": [SECRET, "x"], "URL_unencrypted": "https://a.example", "NUMBER_unencrypted": 8, "EMPTY": ""},
}
PIECES = (
    *("\n", " ", "\t", ":", "- ", "#", "'", '"', "{", "}", "[", "]", "&a ", "*a", "*hunter2", "<<: ", "!!str "),
    *("!!binary ", "ENC[", "ENC[AES256_GCM,data:,iv:,tag:,type:str]", "yes", "~", "0755", "2026-01-02", "\x00"),
    *("\u2028", "é", "---\n", "sops:\n", "a:\n", "<<<<<<< HEAD\n", "1: x\n", "? [a]\n: b\n", "hunter2", "9" * 400),
)
HARMLESS = ("", "# a note", "    # a note", "A: ''", 'B: ""', "C:")
"""Lines that change no value."""


def as_blocks(content: Any, indent: str = "") -> str:
    """A SOPS file in the layout in which ``sops`` writes YAML."""
    lines: list[str] = []
    for key, value in content.items():
        if isinstance(value, dict) and value:
            lines.append(f"{indent}{key}:\n{as_blocks(value, indent + '    ')}")
        else:
            lines.append(f"{indent}{key}: {json.dumps(value)}\n")
    return "".join(lines)


def damaged(chosen: random.Random, text: str) -> str:
    """A good file with one to three changes: cut, doubled, moved or replaced lines, and pieces put in anywhere."""
    for _ in range(chosen.randint(1, 3)):
        lines, at = text.splitlines(keepends=True), chosen.randrange(len(text))
        line = chosen.randrange(len(lines))
        match chosen.randrange(8):
            case 0:
                text = text[:at] + chosen.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + chosen.randint(1, 30) :]
            case 2:
                lines.insert(chosen.randrange(len(lines)), lines[line])
                text = "".join(lines)
            case 3:
                lines.insert(chosen.randrange(len(lines)), lines.pop(line))
                text = "".join(lines)
            case 4 | 5:
                text = f"{chosen.choice(HARMLESS)}\n{text}"
            case 6:
                new = chosen.choice(PIECES).strip()
                lines[line] = re.sub(r":.*", f": {new}", lines[line], count=1, flags=re.DOTALL) + "\n"
                text = "".join(lines)
            case _:
                lines.insert(line, f"{chosen.choice(('', '    '))}{chosen.choice(PIECES)}\n")
                text = "".join(lines)
    return text


def opened(path: Path) -> tuple[Any, str]:
    """The values of a file, or what is said of one that is refused."""
    try:
        return sops.read(path, ENVIRONMENT).decrypt(), ""
    except sops.SopsError as error:
        return None, str(error)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Changed files, and first the good one."""
    directory = tmp_path_factory.mktemp("damaged")
    good = as_blocks(encrypted(TREE, unencrypted_suffix="_unencrypted"))
    chosen = random.Random(1)
    made: list[Path] = []
    for number, text in enumerate([good, *(damaged(chosen, good) for _ in range(FILES))]):
        made.append(directory / f"{number}.yaml")
        made[-1].write_text(text, encoding="utf-8", newline="")
    return made


def test_a_changed_file_is_read_or_refused_in_words(files: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Never a traceback, never a value in a message, and never other values than those that were encrypted."""
    outcomes = {path.name: opened(path) for path in files}

    assert outcomes["0.yaml"] == (TREE, "")
    read = [value for value, said in outcomes.values() if not said]
    refused = {name: said for name, (_, said) in outcomes.items() if said}
    assert [
        said for name, said in refused.items() if SECRET in said or name not in said or not said.isprintable()
    ] == []
    assert [value for value in read if not _holds_no_more(value)] == []
    with capsys.disabled():
        sys.stdout.write(f"\n{len(files)} SOPS files: {len(read)} read, {len(files) - len(read)} refused in words\n")
    assert len(files) > 100


def _holds_no_more(value: Any) -> bool:
    """Whether all values are those that were there: an empty one can be added, since SOPS covers it with nothing."""
    leaves = {json.dumps(leaf) for leaf in _leaves(value)} - {'""', "null"}
    return leaves <= {json.dumps(leaf) for leaf in _leaves(TREE)}


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    return [leaf for inner in value for leaf in _leaves(inner)] if isinstance(value, list) else [value]


@pytest.mark.needs("sops")
def test_the_program_agrees_about_changed_files(files: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """What is read here, the program reads to the same values. Here more is refused: what it would not have written."""
    environment = {**os.environ, "SOPS_AGE_KEY_FILE": str(KEY_FILE)}
    differing: list[str] = []
    both = 0
    for path in files:
        command = [real_program.program(), "decrypt", "--output-type", "json", str(path)]
        done = subprocess.run(command, check=False, capture_output=True, env=environment)
        here, said = opened(path)
        if not said and (done.returncode != 0 or json.loads(done.stdout) != here):
            differing.append(path.read_text())
        both += bool(said) == (done.returncode != 0)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(files)} SOPS files, of which the sops program says the same of {both}\n")
    assert differing == []
