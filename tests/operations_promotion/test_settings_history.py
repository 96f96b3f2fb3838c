"""The versions of a settings file in git."""

from __future__ import annotations

import subprocess

import pytest

from railyard.promote.system_in_stack import versions
from stacks.releases import Release

COMMIT = Release(kind="tag", keys=(("commit",),), sources={"backend": "x/backend"})
BOTH = Release(kind="commit", keys=(("api", "commitSha"), ("worker", "commitSha")), sources={"api": "x/y"})


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A settings file in a folder that git does not know, whatever lies around it."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text("config:\n  railyard:seance: {commit: one}\n")
    return file


def test_without_git_there_is_only_the_file(file):
    """And without a git program too."""
    assert [(each.commit, each.value("seance", COMMIT)) for each in versions(file)] == [(None, "one")]


def test_versions_come_newest_first_and_broken_ones_are_left_out(file):
    """A version in which the file was missing, and one that is no YAML, say nothing."""
    run = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "core.hooksPath=/dev/null"]

    def commit() -> None:
        subprocess.run([*run, "add", "--all"], cwd=file.parent, check=True)
        subprocess.run([*run, "commit", "--quiet", "--message", "x"], cwd=file.parent, check=True)

    subprocess.run([*run, "init", "--quiet"], cwd=file.parent, check=True)
    for text in ("one", "two", "{", None, "four"):
        if text is None:
            file.unlink()
        else:
            file.write_text(f"config:\n  railyard:seance: {{commit: {text}}}\n")
        commit()
    file.write_text("config:\n  railyard:seance: {commit: five}\n")

    assert [each.value("seance", COMMIT) for each in versions(file)] == ["five", "four", None, "two", "one"]


def test_places_that_do_not_agree_are_no_value(file):
    """Two services of one repository with different commits are no release to go back to."""
    both = "config:\n  railyard:shop: {api: {commitSha: abcdef1}, worker: {commitSha: %s}}\n"
    file.write_text(both % "abcdef2")
    assert versions(file)[0].value("shop", BOTH) is None
    file.write_text(both % "abcdef1")
    assert versions(file)[0].value("shop", BOTH) == "abcdef1"


def test_what_all_stacks_share_has_a_history_too(file):
    """A value that the shared file said is known, also when a commit changed that file alone."""
    run = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "core.hooksPath=/dev/null"]
    subprocess.run([*run, "init", "--quiet"], cwd=file.parent, check=True)
    file.write_text("config:\n  railyard:seance: {valkey: {sizeGb: 1}}\n")
    for text in ("one", "two"):
        file.with_name("defaults.yaml").write_text(f"config:\n  railyard:seance: {{commit: {text}}}\n")
        subprocess.run([*run, "add", "--all"], cwd=file.parent, check=True)
        subprocess.run([*run, "commit", "--quiet", "--message", "x"], cwd=file.parent, check=True)
    file.write_text("config:\n  railyard:seance: {commit: three}\n")

    assert [each.value("seance", COMMIT) for each in versions(file)] == ["three", "two", "one"]
