"""Decisions by themselves: verdicts, targets, and orders of deletion."""

from __future__ import annotations

import pytest

from pulumi_embedded import plan
from pulumi_embedded.provider import DiffResponse
from pulumi_embedded.state import Resource
from pulumi_operations.events import Change, StepKind
from pulumi_operations.values import UNKNOWN, Properties

URN = "urn:pulumi:test::lab::things:index:Thing::"


def thing(name: str, place: int = 0, **more: object) -> Resource:
    """A record."""
    return Resource(urn=URN + name, type="things:index:Thing", custom=True, place=place, **more)  # pyright: ignore[reportArgumentType]


def needing(name: str, place: int, *urns: str, **more: object) -> Resource:
    """A record whose ``source`` comes from others."""
    names = [URN + each for each in urns]
    return thing(name, place, dependencies=names, property_dependencies={"source": names}, inputs={"source": 1}, **more)


def test_no_change_is_same() -> None:
    """Whatever the inputs look like, the provider's word counts."""
    verdict = plan.decide(thing("a", inputs={"x": 1}), {"x": 2}, DiffResponse(changed=False), [])

    assert (verdict.kind, verdict.changes) == (StepKind.SAME, {})


def test_detailed_diff_is_told_as_it_is() -> None:
    """Paths and kinds of the provider are the step's."""
    answer = DiffResponse(changed=True, keys=frozenset({"x"}), detailed={"x[0].y": Change.ADD})

    assert plan.decide(thing("a"), {"x": [{"y": 1}]}, answer, []).changes == {"x[0].y": Change.ADD}


def test_simple_diff_is_told_by_comparing_inputs() -> None:
    """With keys alone, the inputs say how they differ; a key without a difference is an update of it."""
    answer = DiffResponse(changed=True, keys=frozenset({"x", "output"}))
    old = thing("a", inputs={"x": {"y": 1}, "other": 1})

    verdict = plan.decide(old, {"x": {"y": 2}, "other": 2}, answer, [])

    assert verdict.changes == {"x.y": Change.UPDATE, "output": Change.UPDATE}


def test_a_diff_without_changes_replaces_nothing() -> None:
    """As with the CLI: keys that would replace count only where the provider says that something changes."""
    answer = DiffResponse(changed=False, replaces=frozenset({"x"}))

    assert StepKind.SAME is plan.decide(thing("a", inputs={"x": 1}), {"x": 2}, answer, []).kind


def test_replacing_keys_mark_their_paths() -> None:
    """A provider that names keys to replace for, without details."""
    answer = DiffResponse(changed=True, keys=frozenset({"x"}), replaces=frozenset({"x"}), delete_before_replace=True)

    verdict = plan.decide(thing("a", inputs={"x": 1}), {"x": 2}, answer, [])

    assert (
        verdict.kind,
        verdict.changes,
        verdict.delete_before_replace,
    ) == (StepKind.REPLACE, {"x": Change.UPDATE_REPLACE}, True)


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("x", StepKind.REPLACE),
        ("x.y", StepKind.REPLACE),
        ("*", StepKind.REPLACE),
        ("x.z", StepKind.UPDATE),
        ("x.y.z", StepKind.UPDATE),
    ],
)
def test_replace_on_changes_covers_prefixes(pattern: str, kind: StepKind) -> None:
    """A pattern covers its path and what is below, not what is above."""
    answer = DiffResponse(changed=True, detailed={"x.y": Change.UPDATE})

    assert kind is plan.decide(thing("a"), {"x": {"y": 1}}, answer, [pattern]).kind


def test_half_made_resource_is_updated_without_a_difference() -> None:
    """The update is what completes it."""
    assert StepKind.UPDATE is plan.decide(thing("a", init_errors=["x"]), {}, DiffResponse(changed=False), []).kind


def test_only_dependents_that_would_be_replaced_go_before_a_deletion() -> None:
    """Asked with unknowns where they depend on what goes; transitively; registered ones are exempt."""
    root = thing("root", 0)
    olds = [root, needing("a", 1, "root"), needing("b", 2, "a"), needing("c", 3, "root"), needing("d", 4, "root")]
    asked: list[tuple[str, Properties]] = []

    def would_replace(resource: Resource, inputs: Properties) -> bool:
        asked.append((resource.name, inputs))
        return resource.name != "c"

    dependents = plan.dependents_to_replace(root, olds, {URN + "d"}, would_replace)

    assert [each.name for each in dependents] == ["a", "b"]
    assert [(name, {"source": UNKNOWN}) for name in "abc"] == asked


def test_guests_go_with_their_host() -> None:
    """Nobody deletes them for themselves; what needs a guest goes before the host; chains of hosts end at one."""
    doomed = [
        thing("host", 0),
        thing("guest", 1, deleted_with=URN + "host"),
        thing("guest of guest", 2, deleted_with=URN + "guest"),
        needing("reader", 3, "guest"),
        thing("alone", 4),
    ]

    deletions = plan.deletions(doomed)

    assert [each.name for each in deletions.order] == ["alone", "reader", "host"]
    assert [each.name for each in deletions.guests[0]] == ["guest of guest", "guest"]
    assert frozenset({3}) == deletions.blockers[0]
    assert len(doomed) == len(deletions.everything())


def test_guest_that_needs_what_needs_its_host_blocks_nothing() -> None:
    """No circle: the middle one goes first, then host and guest together."""
    doomed = [
        thing("host", 0),
        needing("middle", 1, "host"),
        needing("guest", 2, "middle", deleted_with=URN + "host"),
    ]

    deletions = plan.deletions(doomed)

    assert (frozenset({1}), frozenset()) == (deletions.blockers[0], deletions.blockers[1])


def test_replaced_record_goes_before_what_it_depended_on() -> None:
    """The live ``a`` does not depend on ``b`` any more, the replaced one does: no circle, so that both can go."""
    doomed = [thing("a", 0), needing("b", 1, "a"), needing("a", 2, "b", delete=True)]

    assert {0: frozenset({1}), 1: frozenset({2}), 2: frozenset[int]()} == plan.deletions(doomed).blockers


@pytest.mark.parametrize(
    ("pattern", "urn", "matches"),
    [
        ("**::lamp", "urn:pulumi:s::p::a:b:C$things:index:Thing::lamp", True),
        ("urn:pulumi:*::lab::things:index:Thing::*", URN + "lamp", True),
        ("urn:pulumi:test::lab::*::lamp", URN + "lamp", False),
        (URN + "lamp", URN + "lamp", True),
        (URN + "lamp", URN + "lamp2", False),
        ("**Thing*", URN + "lamp", False),
    ],
)
def test_targets_match_as_the_cli_does(pattern: str, urn: str, *, matches: bool) -> None:
    """One star stays within a part between colons, two do not, and the whole URN has to match."""
    assert matches is (urn in plan.Targets([pattern]))


def test_no_targets_are_all() -> None:
    """An operation without targets is about everything."""
    assert "anything" in plan.Targets([])


def test_what_stays_and_needs_what_goes_is_found() -> None:
    """By URN; a replaced one that waits for its deletion is needed by nobody."""
    doomed = [thing("a", 0), thing("b", 1, delete=True)]
    staying = [needing("c", 2, "a", "b")]

    assert plan.still_needed(doomed, staying) == {URN + "a": URN + "c"}
