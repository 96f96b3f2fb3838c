"""Writing single values into a settings file: every other character stays, and what cannot be proved is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from railyard.promote.settings_file import edited, with_value
from railyard.shared.console import OperationError
from railyard.shared.project import project_directory

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
]


@pytest.mark.parametrize(("before", "after"), PLACES)
def test_a_value_is_replaced_or_added_where_it_belongs(before, after):
    """Flow and block style, comments, quotes, line ends, nothing behind the last line."""
    assert with_value(before, ("a", "b"), "d1") == after
    assert yaml.safe_load(after)["a"]["b"] == "d1"


@pytest.mark.parametrize(
    "value", [WHOLE, "1234567", "12345e6", "0x1234567", "true", "f" * 40, "x/y:1@sha256:" + "0" * 64]
)
def test_every_value_is_read_back_as_the_same_text(value):
    """A commit of digits alone is a number without quotes, one with an e in it a number to some readers."""
    for text in ("a: {b: c0}\n", "a: {}\n", "a:\n  c: 1\n", "{}\n"):
        written = with_value(text, ("a", "b"), value)
        assert yaml.safe_load(written)["a"]["b"] == value
        assert f'"{value}"' in written or not value[0].isdigit()


def project_in(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line work on the project in a folder."""
    (directory / "Pulumi.yaml").write_text("name: railyard\nruntime: python\n")
    monkeypatch.setenv("RAILYARD_PROJECT", str(directory))


def test_a_key_that_several_places_share_is_refused(tmp_path, monkeypatch):
    """An alias: a change of it would reach further than it says."""
    settings = project_directory() / "Pulumi.production.yaml"
    shared = settings.read_text().replace("api: {repo", "api: &api {repo")
    shared = shared.replace("worker: {repo: omnistack/omnistack-backend, replicas: 2}", "worker: *api")
    (tmp_path / settings.name).write_text(shared)
    project_in(tmp_path, monkeypatch)

    with pytest.raises(OperationError, match=r"set railyard:omnistack\.api\.commitSha to \"abcdef1\" by hand"):
        edited("production", {("omnistack", "api", "commitSha"): "abcdef1"})


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
