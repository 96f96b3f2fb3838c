"""Writing single values into a settings file: every other character stays, and what cannot be proved is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from railyard.promote.settings_file import edited, read, value_at, with_value
from railyard.shared.console import OperationError
from railyard.shared.project import project_directory

ROOT = Path(__file__).parents[2]
WHOLE = "1234567890" * 4
PLACES = [
    ("a: {b: c0}\n", "a: {b: d1}\n"),
    ("a: {b: 'c0'} # why\n", "a: {b: 'd1'} # why\n"),
    ('a:\n  # before\n  b: "c0"   # why\n  c: 1\n', 'a:\n  # before\n  b: "d1"   # why\n  c: 1\n'),
    ("a: {}\n", "a: {b: d1}\n"),
    ("a: {repo: x/y, replicas: 2}\n", "a: {repo: x/y, b: d1, replicas: 2}\n"),
    ("a: {c: [1, 2]}\n", "a: {c: [1, 2], b: d1}\n"),
    ("a:\n    repo: x/y # why\n    c: 2\nz: 1\n", "a:\n    repo: x/y # why\n    b: d1\n    c: 2\nz: 1\n"),
    ("a:\n  c: {d: 1}\n\n# of z\nz: 1\n", "a:\n  c: {d: 1}\n  b: d1\n\n# of z\nz: 1\n"),
    ("a:\n  c:\n    d: 1\n\n# of z\nz: 1\n", "a:\n  b: d1\n  c:\n    d: 1\n\n# of z\nz: 1\n"),
    ("a:\n  c: |\n    text\nz: 1\n", "a:\n  b: d1\n  c: |\n    text\nz: 1\n"),
    ("a:\n  c: 1", "a:\n  c: 1\n  b: d1"),
    ("a:\r\n  c: 1\r\nz: 1\r\n", "a:\r\n  c: 1\r\n  b: d1\r\nz: 1\r\n"),
    ("a:\n  {c: 1,\n   d: 2}\n", "a:\n  {c: 1,\n   d: 2, b: d1}\n"),
    ("a: {b: &c c0}\nz: *c\n", "a: {b: &c d1}\nz: *c\n"),
    ("z: &c c0\na: {b: *c} # why\n", "z: &c c0\na: {b: d1} # why\n"),
    ("z: &z {b: c0}\na: {<<: *z, c: 1}\n", "z: &z {b: c0}\na: {<<: *z, c: 1, b: d1}\n"),
    ("z: &z {c: 1}\na:\n  <<: *z\n  repo: x/y\n", "z: &z {c: 1}\na:\n  <<: *z\n  repo: x/y\n  b: d1\n"),
    ("a: &z\n  repo: x/y\nz: *z\n", "a: &z\n  repo: x/y\n  b: d1\nz: *z\n"),
    ("a: &z {}\n", "a: &z {b: d1}\n"),
]


@pytest.mark.parametrize(("before", "after"), PLACES)
def test_a_value_is_replaced_or_added_where_it_belongs(before, after):
    """Flow and block style, comments, quotes, line ends, nothing behind the last line."""
    assert with_value(before, ("a", "b"), "d1") == after
    assert read(after)["a"]["b"] == "d1"


@pytest.mark.parametrize(
    "value", [WHOLE, "1234567", "12345e6", "0x1234567", "true", "f" * 40, "x/y:1@sha256:" + "0" * 64]
)
def test_every_value_is_read_back_as_the_same_text(value):
    """A commit of digits alone is a number without quotes, one with an e in it a number to some readers."""
    for text in ("a: {b: c0}\n", "a: {}\n", "a:\n  c: 1\n", "{}\n"):
        written = with_value(text, ("a", "b"), value)
        assert yaml.safe_load(written)["a"]["b"] == read(written)["a"]["b"] == value
        assert f'"{value}"' in written or not value[0].isdigit()


def production() -> str:
    """The settings of production, in which no service of OmniStack names a commit, and none has to."""
    text = (
        (project_directory() / "Pulumi.production.yaml").read_text().replace("  railyard:promotesFrom: staging\n", "")
    )
    return re.sub(r"commitSha: [0-9a-f]{40}, ", "", text)


def project_in(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line work on the project in a folder."""
    shutil.copy(ROOT / "Pulumi.yaml", directory)
    shutil.copy(ROOT / "defaults.yaml", directory)
    monkeypatch.setenv("RAILYARD_PROJECT", str(directory))


def test_a_key_that_several_places_share_is_refused(tmp_path, monkeypatch):
    """An alias: a change of it would reach further than it says."""
    shared = production().replace("api: {rep", "api: &api {rep").replace("worker: {replicas: 2}", "worker: *api")
    (tmp_path / "Pulumi.production.yaml").write_text(shared)
    project_in(tmp_path, monkeypatch)

    with pytest.raises(OperationError, match=r"set railyard:omnistack\.api\.commitSha to \"abcdef1\" by hand"):
        edited("production", {("omnistack", "api", "commitSha"): "abcdef1"})


SHARED = {
    "a value with an anchor": (
        ("api: {rep", "api: {commitSha: &c c0ffee1, rep"),
        ("worker: {rep", "worker: {commitSha: *c, rep"),
        ("commitSha: &c abcdef1", "commitSha: *c"),
    ),
    "a group that is merged": (
        ("api: {rep", "api: &s {commitSha: c0ffee1, rep"),
        ("worker: {rep", "worker: {<<: *s, rep"),
        ("api: &s {commitSha: abcdef1", "worker: {<<: *s, replicas: 2}"),
    ),
    "a group that is shared": (
        ("api: {replicas: 2}", "api: &s {checkSuites: false}"),
        ("worker: {replicas: 2}", "worker: *s"),
        ("api: &s {checkSuites: false, commitSha: abcdef1}", "worker: *s"),
    ),
}


@pytest.mark.parametrize("kind", SHARED)
def test_what_two_services_share_is_changed_once(tmp_path, monkeypatch, kind):
    """A release of both: the anchor has the new value, and what refers to it stays as it is."""
    first, second, expected = SHARED[kind]
    text = production()
    assert (first[0] in text, second[0] in text) == (True, True)
    (tmp_path / "Pulumi.production.yaml").write_text(text.replace(*first).replace(*second))
    project_in(tmp_path, monkeypatch)
    keys = [("omnistack", service, "commitSha") for service in ("api", "worker")]

    edit = edited("production", dict.fromkeys(keys, "abcdef1"))

    assert [part for part in expected if part not in edit.after] == []
    assert len([line for line in edit.lines if line.startswith("+ ")]) == 1
    assert [value_at(read(edit.after), key) for key in keys] == ["abcdef1", "abcdef1"]


def test_what_would_not_be_valid_is_refused(tmp_path, monkeypatch):
    """The settings are judged as they would be, with file and line."""
    (tmp_path / "Pulumi.production.yaml").write_text((project_directory() / "Pulumi.production.yaml").read_text())
    project_in(tmp_path, monkeypatch)

    with pytest.raises(OperationError, match=r"Pulumi\.production\.yaml:\d+: railyard:seance\.commit = \"next\""):
        edited("production", {("seance", "commit"): "next"})


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    """Somebody saved it in an editor between the two."""
    file = tmp_path / "Pulumi.production.yaml"
    file.write_text((project_directory() / file.name).read_text())
    project_in(tmp_path, monkeypatch)
    edit = edited("production", {("seance", "commit"): "b2c3d4e"})
    file.write_text(file.read_text() + "# mine\n")

    with pytest.raises(OperationError, match="changed meanwhile"):
        edit.write()
    assert file.read_text().endswith("# mine\n")


@pytest.mark.parametrize(
    ("value", "text"), [({"us-west2": 2}, "{us-west2: 2}"), (["a", 'b "c"'], '[a, "b \\"c\\""]'), (True, "true")]
)
def test_what_to_write_by_hand_is_yaml(value, text):
    """A value that is a block of lines cannot be replaced: the message has the one to write, as it is written there."""
    with pytest.raises(OperationError, match=re.escape(f"set a.b to {text} by hand")):
        with_value("config:\n  a:\n    b:\n      c: 1\n", ("config", "a", "b"), value)
