"""What a preview's document says, in the form that is shown and compared."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_operations.values import UNKNOWN_ON_THE_WIRE
from railyard.review.diagram import diagram
from railyard.review.resource_changes import changes_of, counted

BOT = "urn:pulumi:staging::railyard::railyard:systems:Omega$railyard:topologies:Bot$"


def step(op: str, kind: str = "railway:index:Volume", name: str = "omega-bot-disk", **more: Any) -> dict[str, Any]:
    custom = kind.startswith(("railway:index", "pulumi:providers"))
    state = {"type": kind, "custom": custom, "parent": "urn:x::y::z::omega-bot"}
    return {"op": op, "urn": f"{BOT}{kind}::{name}", "oldState": state, "newState": state, **more}


def differing(path: str, old: Any, new: Any, group: str = "inputs", difference: str = "update") -> dict[str, Any]:
    return step(
        "update",
        oldState={"type": "railway:index:Volume", "custom": True, group: {path: old}},
        newState={"type": "railway:index:Volume", "custom": True, group: {path: new}},
        detailedDiff={path: {"kind": difference, "inputDiff": True}},
    )


def test_only_resources_are_changes() -> None:
    """Components, providers and what stays the same are left out of Pulumi's own documents, too."""
    steps = [step("same"), step("create", "railyard:topologies:Bot"), step("create", "pulumi:providers:railway")]

    assert changes_of(steps) == ()
    assert counted(()) == "nothing changes"


def test_the_parts_of_a_replacement_are_one_change() -> None:
    """Pulumi tells it in three steps."""
    (change,) = changes_of([step("create-replacement"), step("replace"), step("delete-replaced")])

    assert (change.kind, change.system, change.component) == ("replace", "Omega", "omega-bot")


def test_what_a_change_needs_has_one_order() -> None:
    """Two previews of the Pulumi CLI name dependencies in different orders, and are the same plan all the same."""
    urns = [f"{BOT}railway:index:Service::{name}" for name in ("omega-a", "omega-b", "omega-c")]
    plans = [changes_of([step("create", newState={"dependencies": order})]) for order in (urns, urns[::-1])]

    assert plans[0] == plans[1]
    assert plans[0][0].needs == ("omega-a", "omega-b", "omega-c")


def test_the_gravest_stands_first() -> None:
    """Whatever the order of the steps was."""
    changes = changes_of([step("create", name="a"), step("update", name="b"), step("delete", name="c")])

    assert [change.name for change in changes] == ["c", "a", "b"]
    assert counted(changes) == "- 1 to delete, + 1 to create, ~ 1 to update"


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a", "b", ('"a"', '"b"')),
        ("[secret]", "[secret]", ("[secret]", "[secret]")),
        ("a", UNKNOWN_ON_THE_WIRE, ('"a"', "[known after up]")),
        (None, 5, ("(none)", "5")),
    ],
)
def test_values_are_shown_as_people_know_them(old: Any, new: Any, shown: tuple[str, str]) -> None:
    """Secrets stay masked, and what is not known yet is no strange text."""
    (change,) = changes_of([differing("sizeMb", old, new)])

    assert [(each.old, each.new) for each in change.properties] == [shown]


def test_what_the_cloud_found_is_in_the_outputs() -> None:
    """A refresh leaves the inputs alone."""
    (change,) = changes_of([differing("region", "west", "east", "outputs", "update-replace")])

    assert [(each.old, each.new, each.replaces) for each in change.properties] == [('"west"', '"east"', True)]


def test_the_diagram_has_an_edge_for_what_needs_what() -> None:
    """One from a component to each that it needs and that changes too; none within a component, none twice."""
    api, store = (
        f"{BOT}railway:index:ServiceInstance::shop-api-instance",
        f"{BOT}railway:index:Service::shop-db-service",
    )

    def made(urn: str, parent: str, *needs: str) -> dict[str, Any]:
        state = {"parent": f"{BOT}x::{parent}", "custom": True, "dependencies": list(needs)}
        return {"op": "create", "urn": urn, "newState": state}

    changes = changes_of([made(api, "shop-api", store, store), made(store, "shop-db")])
    lines = diagram(changes)

    edges = [line for line in lines if "needs" in line]
    names = {line.split("[")[0].split()[-1]: line for line in lines if '["shop-' in line}
    (source, target) = edges[0].split(" -. needs .-> ")
    assert len(edges) == 1
    assert "shop-api" in names[source.strip()]
    assert "shop-db" in names[target]
