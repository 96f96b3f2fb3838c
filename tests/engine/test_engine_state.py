"""The state file: what Pulumi wrote can be read, what is written Pulumi can read, and nothing secret is in clear."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from pulumi_embedded import runner
from pulumi_embedded.journal import Journal, in_dependency_order, load, locked
from pulumi_embedded.state import (
    Resource,
    StateError,
    Vault,
    decode_resource,
    decode_value,
    encode_resource,
    encode_value,
    parse_deployment,
    render_deployment,
)
from pulumi_operations.values import Secret
from tests.engine.harness import Stack, things

URN = "urn:pulumi:test::lab::things:index:Thing::"


def thing(name: str, **more: object) -> Resource:
    """A record."""
    return Resource(urn=URN + name, type="things:index:Thing", custom=True, id=f"{name}-1", **more)  # pyright: ignore[reportArgumentType]


def test_salt_written_by_pulumi_opens_with_its_passphrase() -> None:
    """The salt line of Pulumi's own test (pkg/secrets/passphrase) is understood."""
    vault = Vault("password", "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==")

    assert vault.decrypt(vault.encrypt('"text"')) == '"text"'


def test_wrong_passphrase_is_said_so() -> None:
    """Not a damaged file, a wrong passphrase."""
    vault = Vault("other", "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==")

    with pytest.raises(StateError, match="incorrect passphrase"):
        vault.encrypt("text")


def test_secret_survives_disk_with_everything_in_it() -> None:
    """A nested secret is one ciphertext; it comes back as it was, from another process's vault too."""
    vault = Vault("phrase")
    value = {"key": Secret({"deep": ["ü", 1, None, True]})}
    encoded = json.loads(json.dumps(encode_value(value, vault)))

    assert list(encoded["key"]) == ["4dabf18193072939515e22adb298388d", "ciphertext"]
    assert value == decode_value(encoded, Vault("phrase", vault.salt))


def test_unchanged_secret_keeps_its_ciphertext() -> None:
    """Saving again does not rewrite what did not change."""
    vault = Vault("phrase")
    encoded = encode_value(Secret("x"), vault)
    later = Vault("phrase", vault.salt)

    assert encoded == encode_value(decode_value(encoded, later), later)


def test_record_survives_disk() -> None:
    """Every field that is set comes back; empty ones are not written."""
    record = thing(
        "lamp",
        inputs={"size": 1},
        outputs={"url": "x"},
        parent="p",
        protect=True,
        dependencies=["d"],
        property_dependencies={"size": ["d"]},
        provider="urn::id",
        import_id="i",
        deleted_with="w",
        custom_timeouts={"create": 60.0},
        init_errors=["e"],
        ignore_changes=["size"],
        replace_on_changes=["url"],
        additional_secret_outputs=["url"],
    )
    encoded = encode_resource(record, Vault("phrase"))

    assert record == decode_resource(encoded, Vault("phrase"))
    assert "importID" in encoded
    assert "parent" not in encode_resource(thing("lamp"), Vault("phrase"))
    assert "place" not in encoded


def test_records_waiting_for_replacement_are_gone_already(tmp_path: Path) -> None:
    """``pendingReplacement`` of the CLI means deleted and not made again."""
    text = render_deployment([thing("lamp"), thing("shade", pending_replacement=True)], [], Vault(""))

    assert [each.name for each in parse_deployment(text, "", tmp_path).resources] == ["lamp"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "is not a Pulumi state file"),
        ('{"version": 2, "deployment": {}}', "has state version 2"),
        ('{"version": 3, "deployment": {"secrets_providers": {"type": "service"}}}', "needs the Pulumi CLI"),
        ('{"version": 3, "deployment": {"resources": [{"urn": "x", "external": true}]}}', "only the Pulumi CLI"),
        (
            '{"version": 3, "deployment": {"resources": [{"urn": "urn:x", "retainOnDelete": true}]}}',
            "only the Pulumi CLI",
        ),
    ],
)
def test_unusable_state_is_explained(stack: Stack, text: str, message: str) -> None:
    """What it is and who could read it; the file stays as it is."""
    stack.state_file.parent.mkdir()
    stack.state_file.write_text(text)

    with pytest.raises(runner.EngineError, match=message):
        stack.up(things())
    assert text == stack.state_file.read_text()


def test_records_stand_after_what_they_depend_on() -> None:
    """Parents, dependencies, providers: the CLI refuses a state in any other order."""
    parent = thing("parent")
    child = thing("child", parent=parent.urn, dependencies=[URN + "far"])
    far = thing("far", deleted_with=parent.urn)
    old = thing("parent", delete=True)

    ordered = in_dependency_order([child, far, old, parent])

    assert [each is ordered[index] for index, each in enumerate([parent, far, child, old])] == [True] * 4


def test_long_chains_are_sorted_without_recursion() -> None:
    """Thousands of links are no problem."""
    chain = [thing(str(number), dependencies=[URN + str(number - 1)] if number else []) for number in range(5_000)]

    assert chain == in_dependency_order(list(reversed(chain)))


def test_journal_with_a_damaged_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    """The steps behind it did happen: nothing is forgotten without a word, and the way out is named."""
    state, path = tmp_path / "state.json", tmp_path / "state.json.journal"
    journal = Journal(state, "", durable=True)
    journal.settle(thing("one"))
    journal.settle(thing("two"))
    first, one, two, _ = path.read_text().split("\n")
    journal.close()
    for damaged in (one[:20], "[]", ""):
        path.write_text("\n".join([first, damaged, two, ""]))

        with pytest.raises(StateError, match=r"line 2 of .* cannot be read, and the steps behind it did happen"):
            Journal(state, "", durable=False)


def test_state_from_before_the_last_run_is_kept(tmp_path: Path) -> None:
    """There is a copy to go back to, and a run that changes nothing leaves it alone."""
    state = tmp_path / "state.json"
    texts: list[str] = []
    for name in ("one", "two", None):
        journal = Journal(state, "", durable=True)
        if name:
            journal.settle(thing(name))
        journal.close()
        texts.append(state.read_text())

    assert (tmp_path / "state.json.former").read_text() == texts[0]


def test_journal_without_its_last_line_is_read_up_to_there(tmp_path: Path) -> None:
    """A torn line never happened."""
    state = tmp_path / "state.json"
    journal = Journal(state, "", durable=True)
    journal.settle(thing("one"))
    journal.settle(thing("two"))
    path = tmp_path / "state.json.journal"
    text = path.read_text()
    journal.close()
    state.unlink()
    path.write_text(text[:-20])

    assert [each.name for each in Journal(state, "", durable=False).snapshot.remaining()] == ["one"]


def test_compaction_may_be_cut_off_anywhere(tmp_path: Path) -> None:
    """New state with the old journal still there, or the old state with a journal that calls itself folded in."""
    state, path = tmp_path / "state.json", tmp_path / "state.json.journal"
    journal = Journal(state, "", durable=True)
    journal.settle(thing("one"))
    lines = path.read_text()
    journal.close()
    path.write_text(lines + json.dumps({"committed": _digest(state)}) + "\n")
    assert [each.name for each in Journal(state, "", durable=False).snapshot.remaining()] == ["one"]

    state.unlink()
    assert [each.name for each in Journal(state, "", durable=False).snapshot.remaining()] == ["one"]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_previews_share_the_lock_and_runs_do_not(tmp_path: Path) -> None:
    """Two previews may look at once; a run wants the state for itself."""
    state = tmp_path / "state.json"
    refused = pytest.raises(StateError, match="another run is using")
    with locked(state, shared=True), locked(state, shared=True), refused, locked(state, shared=False):
        pass
    with locked(state, shared=False):
        pass


def test_state_and_journal_are_for_their_owner_only(stack: Stack) -> None:
    """Even encrypted, they are nobody else's business."""
    stack.up(things("lamp"))

    assert stack.state_file.stat().st_mode & 0o777 == 0o600


def test_passphrase_of_the_environment_is_used(stack: Stack) -> None:
    """PULUMI_CONFIG_PASSPHRASE, as the CLI has it; another one is refused."""
    stack.environment["PULUMI_CONFIG_PASSPHRASE"] = "mine"
    stack.up(things("lamp"))
    stack.environment["PULUMI_CONFIG_PASSPHRASE"] = "yours"

    with pytest.raises(runner.EngineError, match="incorrect passphrase"):
        stack.preview(things("lamp"))


def _damaged(state: object) -> Iterator[str]:
    """Yield the text of a state, cut, and with each of its values replaced by one of another shape."""
    text = json.dumps(state)
    yield from (
        "",
        " \n",
        "null",
        "[]",
        '"x"',
        "1",
        "{}",
        "\x00" * 20,
        "[" * 5000,
        *(text[:at] for at in range(1, len(text), 97)),
    )
    yield from _reshaped(state)


def _reshaped(document: object) -> Iterator[str]:
    """Yield the text of a document with each of its values replaced by one of another shape."""
    text = json.dumps(document)
    for path in _paths(document):
        for other in (None, 1, "x", [], ["x"], {"x": 1}):
            damaged = json.loads(text)
            *above, last = path
            inner = damaged
            for key in above:
                inner = inner[key]
            inner[last] = other
            yield json.dumps(damaged)


def test_a_damaged_journal_is_refused_or_read_never_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each value of each line replaced by one of another shape."""
    state, path, tried, refused = tmp_path / "state.json", tmp_path / "state.json.journal", 0, 0
    journal = Journal(state, "", durable=True)
    journal.intend_create(thing("lamp"))
    journal.settle(thing("lamp", inputs={"key": Secret("planted")}))
    journal.settle(thing("desk", dependencies=[f"{URN}lamp"]))
    lines = path.read_text().splitlines()
    journal.close()
    state.unlink()

    for at, line in enumerate(lines):
        for damaged in _reshaped(json.loads(line)):
            path.write_text("\n".join([*lines[:at], damaged, *lines[at + 1 :], ""]))
            tried += 1
            with contextlib.suppress(StateError):
                Journal(state, "", durable=False)
                continue
            refused += 1

    with capsys.disabled():
        sys.stdout.write(f"\n{tried} damaged journals, {refused} refused in words, none ended in a traceback\n")
    assert tried > 150
    assert refused > tried / 3


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in cast("Iterable[tuple[Any, Any]]", inner):
        yield (*path, key)
        yield from _paths(each, (*path, key))


def test_a_damaged_state_is_refused_or_read_never_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut off at many places, empty, and with every value of another shape; what is no state says where the copy is."""
    made = [thing("lamp", inputs={"text": "on", "key": Secret("planted")}), thing("desk", dependencies=[f"{URN}lamp"])]
    text = render_deployment(made, [thing("door")], Vault("passphrase"))
    file, tried, refused = tmp_path / "state.json", 0, 0

    for damaged in _damaged(json.loads(text)):
        file.write_text(damaged)
        tried += 1
        with contextlib.suppress(StateError):
            load(file, "passphrase")
            continue
        refused += 1

    with capsys.disabled():
        sys.stdout.write(f"\n{tried} damaged states, {refused} refused in words, none ended in a traceback\n")
    assert tried > 200
    assert refused > tried / 3
