"""What the steps of a preview cost, in either form of steps."""

from __future__ import annotations

from typing import Any

from pulumi_operations.events import Step, StepKind
from railway_api.plans import Plan
from railyard.output.money import MoneyDifference, calculation_of, of_document, of_steps
from railyard.review.comment_text import markdown
from railyard.review.diff_document import Diff, Side, StackDiff
from railyard.shared.stack import read_stack
from stacks.monthly_cost import Calculation

HOBBY = Calculation(Plan.HOBBY)
PARENTS = "railyard:systems:Shop$railyard:topologies:Backend"
LIMITED = {"memoryMb": 1_000, "vcpus": 1, "regions": {"us-west2": 1}}


def urn(kind: str, name: str, parents: str = PARENTS) -> str:
    return f"urn:pulumi:test::railyard::{parents}${kind}::{name}"


def step(
    kind: StepKind, noun: str, name: str, old: dict[str, Any], new: dict[str, Any], parents: str = PARENTS
) -> Step:
    return Step(
        kind=kind,
        urn=urn(f"railway:index:{noun}", name, parents),
        type=f"railway:index:{noun}",
        name=name,
        old_inputs=old,
        new_inputs=new,
    )


def in_both_forms(steps: list[Step], calculation: Calculation = HOBBY) -> MoneyDifference:
    """The difference, which has to be the same for a document of these steps."""
    document = [
        {
            "op": each.kind.value,
            "urn": each.urn,
            **({"oldState": {"inputs": each.old_inputs}} if each.old_inputs else {}),
            **({"newState": {"inputs": each.new_inputs}} if each.new_inputs else {}),
        }
        for each in steps
    ]
    change = of_steps(steps, calculation)
    assert of_document(document, calculation) == change
    return change


def test_more_memory_costs_what_the_settings_say() -> None:
    """A limit that doubles costs twice at the limit; as used, half of it is taken to be used."""
    new = {**LIMITED, "memoryMb": 2_000}
    change = in_both_forms([step(StepKind.UPDATE, "ServiceInstance", "shop-web-instance", LIMITED, new)])

    (shop,) = change.systems
    assert (shop.system, shop.at_limits, shop.as_used) == ("shop", 10.0, 5.0)
    assert change.sentence().startswith("about +$5.00 a month as used, +$2.50 at rest (shop +$5.00); list prices of 20")


def test_what_does_not_change_costs_the_same() -> None:
    """Another image, other variables and unchanged resources make no difference, and no sentence."""
    steps = [
        step(
            StepKind.UPDATE,
            "ServiceInstance",
            "shop-web-instance",
            {**LIMITED, "image": "web:1"},
            {**LIMITED, "image": "web:2"},
        ),
        step(StepKind.SAME, "ServiceInstance", "shop-api-instance", LIMITED, LIMITED),
    ]
    assert in_both_forms(steps).systems == ()
    assert in_both_forms(steps).sentence() == ""


def test_a_replacement_is_counted_once() -> None:
    """Its two halves are parts of the step that stands for the whole."""
    new = {**LIMITED, "regions": {"us-west2": 3}}
    kinds = (StepKind.CREATE_REPLACEMENT, StepKind.REPLACE, StepKind.DELETE_REPLACED)
    change = in_both_forms([step(kind, "ServiceInstance", "shop-web-instance", LIMITED, new) for kind in kinds])
    assert change.systems[0].at_limits == 2 * (10 + 20)


def test_what_goes_costs_less() -> None:
    """A deleted volume is no longer paid for, with its backups."""
    volume = {"sizeMb": 10_000, "backupSchedules": ["DAILY"]}
    change = in_both_forms([step(StepKind.DELETE, "Volume", "shop-web-volume-disk", volume, {})])
    assert change.systems[0].as_used == -0.9
    assert "about -$0.90 a month" in change.sentence()


def test_a_service_without_limits_says_so() -> None:
    """What it may cost is the plan's limit, which is no figure to add up."""
    change = in_both_forms([step(StepKind.CREATE, "ServiceInstance", "shop-web-instance", {}, {"image": "web:1"})])
    assert change.systems[0].at_limits is None
    assert "1 system without limits" in change.sentence()


def test_a_service_that_stays_without_limits_hides_nothing() -> None:
    """What else changes in its system has a figure at the limits, since the service's own part of it stays."""
    change = in_both_forms([
        step(StepKind.UPDATE, "ServiceInstance", "shop-web-instance", {"image": "web:1"}, {"image": "web:2"}),
        step(StepKind.CREATE, "ServiceInstance", "shop-api-instance", {}, LIMITED),
    ])  # fmt: skip
    assert change.systems[0].at_limits == 30.0
    assert "without limits" not in change.sentence()


def test_a_service_that_gets_a_limit_says_that_it_had_none() -> None:
    """Neither does one that comes without a limit make up for one that goes."""
    limited = step(StepKind.UPDATE, "ServiceInstance", "shop-web-instance", {"image": "web:1"}, LIMITED)
    assert in_both_forms([limited]).systems[0].at_limits is None
    moved = [
        step(StepKind.CREATE, "ServiceInstance", "shop-web-instance", {}, {"image": "web:1"}),
        step(StepKind.CREATE, "ServiceInstance", "shop-api-instance", {}, LIMITED),
        step(StepKind.DELETE, "ServiceInstance", "shop-old-instance", {"image": "web:1"}, {}),
    ]
    assert in_both_forms(moved).systems[0].at_limits is None


def test_a_second_bucket_of_spaces_shares_the_subscription() -> None:
    """It costs nothing more while both fit into what the subscription includes; the first one's part halves."""
    first, second = (
        f"urn:pulumi:test::railyard::railyard:systems:{system}$railyard:topologies:Bucket" for system in "AB"
    )

    def bucket(kind: StepKind, above: str) -> Step:
        type_ = "digitalocean:index/spacesBucket:SpacesBucket"
        return Step(kind=kind, urn=f"{above}${type_}::files", type=type_, name="files")

    alone = in_both_forms([bucket(StepKind.CREATE, first)])
    beside = in_both_forms([bucket(StepKind.SAME, first), bucket(StepKind.CREATE, second)])
    gone = in_both_forms([bucket(StepKind.DELETE, first), bucket(StepKind.SAME, second)])

    assert alone.as_used == 5.0
    assert (beside.as_used, [each.as_used for each in beside.systems]) == (0.0, [-2.5, 2.5])
    assert (gone.as_used, [each.as_used for each in gone.systems]) == (0.0, [-2.5, 2.5])


def test_what_is_imported_was_paid_for_before() -> None:
    """An import changes no bill."""
    assert in_both_forms([step(StepKind.IMPORT, "ServiceInstance", "shop-web-instance", {}, LIMITED)]).systems == ()


def test_values_that_are_not_known_yet_are_no_numbers() -> None:
    """A size that is known only after the up is one that is not given."""
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    change = in_both_forms([step(StepKind.CREATE, "Volume", "shop-web-volume-disk", {}, {"sizeMb": unknown})])
    assert change.systems[0].at_limits == 0.75


def test_the_stacks_own_usage_and_prices_are_used() -> None:
    """Also those that Pulumi hands over as JSON texts; what is wrong with them is for the program to say."""
    config = {
        "railway:plan": "hobby",
        "railyard:prices": '{"railway": {"memoryGb": 100}}',
        "railyard:usage": {"shop": {"web": {"memoryMb": 1000, "vcpus": 0}}},
    }
    new = step(StepKind.CREATE, "ServiceInstance", "shop-web-instance", {}, LIMITED)
    assert in_both_forms([new], calculation_of(config)).as_used == 100
    assert (
        in_both_forms([new], calculation_of({**config, "railyard:prices": "{"})).as_used == in_both_forms([new]).as_used
    )


def test_the_comment_says_what_a_change_costs() -> None:
    """One line with the sum, then a row for each system; the name of a system, which a stranger gives, ends no cell."""
    more = step(StepKind.CREATE, "ServiceInstance", "shop-web-instance", {}, LIMITED)
    money = in_both_forms([more])
    hostile = money.systems[0].model_copy(update={"system": "a`|@octocat", "at_limits": None})
    stack = StackDiff(stack="test", money=money.model_copy(update={"systems": (*money.systems, hostile)}))

    said = markdown(Diff(base=Side(name="a"), head=Side(name="b"), stacks=(stack,)))

    assert "**Money:** about +$12.00 a month as used, +$5.40 at rest." in said
    assert "| `shop` | +$2.70 | +$6.00 | +$30.00 |" in said
    assert "| `a'/@octocat` | +$2.70 | +$6.00 | no limit |" in said


def test_a_bucket_that_no_step_is_about_shares_the_subscription_too() -> None:
    """A preview of one system says nothing of the others: the settings tell that Seance has a bucket already."""
    bucket = urn("digitalocean:index/spacesBucket:SpacesBucket", "files")
    created = [{"op": "create", "urn": bucket, "newState": {"inputs": {"name": "shop-files"}}}]
    same = [{"op": "create", "urn": bucket, "newState": {"inputs": {"name": "seance-cdn"}}}]
    settings = read_stack("production").settings

    assert of_document(created, HOBBY).as_used == 5.0
    beside = of_document(created, HOBBY, settings)
    assert (beside.as_used, [(each.system, each.as_used) for each in beside.systems]) == (
        0.0,
        [("seance", -2.5), ("shop", 2.5)],
    )
    assert of_document(same, HOBBY, settings).as_used == 5.0
    assert of_document([], HOBBY, settings).systems == ()
