"""Records of review environments in a backend of the Pulumi CLI: tags of the stack that they are about."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from railyard.engine.pulumi_cli import PulumiCli
from railyard.environments.record import LONGEST_UP, PulumiRecords, Record
from tests.conformance.conftest import program

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def record(number: int, **more: object) -> Record:
    """One environment whose record is longer than a tag."""
    fields = {"number": number, "stack": "staging", "begun": NOW, "first": NOW, "expires": NOW + timedelta(hours=72)}
    buckets = tuple((f"a-bucket-with-a-long-name-{each}-pr-{number}", "sfo3") for each in range(8))
    return Record.model_validate({**fields, "buckets": buckets, **more})


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PulumiRecords:
    """Those of a project on a file backend of its own."""
    cli = program()  # of this checkout, which names the version that is built
    (tmp_path / "Pulumi.yaml").write_text("name: railyard\nruntime: python\n")
    (tmp_path / "Pulumi.staging.yaml").write_text("config: {}\n")
    (tmp_path / "backend").mkdir()
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "backend").as_uri())
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase")
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    return PulumiRecords(PulumiCli(cli), "staging")


def test_a_record_is_written_before_anything_and_gone_with_its_stack(records: PulumiRecords, tmp_path: Path) -> None:
    """Whoever reads the same backend from another checkout finds it; a stack without one is told as such."""
    records.write(record(7))
    written = records.all()
    records.write(record(7, buckets=(), ended=True))
    shorter = records.all()
    (tmp_path / "Pulumi.pr-7.yaml").unlink()
    for tag in (tmp_path / "backend").rglob("pr-7.pulumi-tags"):
        tag.write_text(json.dumps({"version": 1, "tags": {}}))
    torn = records.all()
    records.remove(7)
    records.remove(7)

    assert written == {7: record(7)}
    assert shorter == {7: record(7, buckets=(), ended=True)}
    assert torn == {7: None}
    assert records.all() == {}
    assert [each for each in (tmp_path / "backend").rglob("pr-7*") if each.is_file()] == []


class Dying(PulumiCli):
    """A CLI whose run ends after so many tags."""

    def __init__(self, program: Path, tags: int) -> None:
        super().__init__(program)
        self.left = [None] * tags

    def run(self, arguments: Sequence[str], *others: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        if arguments[1] == "tag" and arguments[2] != "ls":
            if not self.left:
                raise KeyboardInterrupt
            self.left.pop()
        return super().run(arguments, *others, **options)


def test_a_record_is_the_former_one_or_the_new_one_whenever_its_writer_dies(records: PulumiRecords) -> None:
    """Half of each cannot be read, and an environment without a record is of nobody: the next sweep removes it."""
    former = record(7)
    records.write(former)
    found: list[Record | None] = []
    for tags in (1, 3, 4, 5, 7):
        new = record(7, commit=f"{tags}" * 40)
        with suppress(KeyboardInterrupt):
            PulumiRecords(Dying(program(), tags), "staging").write(new)
        found.append(records.all()[7])
        assert found[-1] in (former, new)
        former = new if found[-1] == new else former
    records.write(record(7, buckets=()))

    assert {each and each.commit[:1] for each in found} > {""}
    assert records.all() == {7: record(7, buckets=())}


def test_an_up_that_takes_too_long_is_dead(records: PulumiRecords) -> None:
    """No process of this machine says so: a job ends after 90 minutes."""
    begun = record(7)

    assert records.is_alive(begun, NOW + timedelta(minutes=90))
    assert not records.is_alive(begun, NOW + LONGEST_UP)
    assert not records.is_alive(record(7, ended=True), NOW)
