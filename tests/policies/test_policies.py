"""The rules that a stack holds, each tried on its own examples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from components.databases import SERVERS
from pulumi_operations.events import Step, StepKind
from pulumi_operations.values import Secret
from railyard.output.rules import as_document, lines, of_document, refused, violations
from stacks import python_systems
from stacks.policy import page
from stacks.policy.policy import Level, Policy, Resource
from stacks.policy.rules import BY_NAME, POLICIES
from stacks.policy.violations import Levels, PolicyLevel, PolicyName, levels_of, violations_of
from stacks.problems import SettingsError
from stacks.settings import parse


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_each_rule_refuses_its_failing_example_and_nothing_of_its_passing_one(policy: Policy) -> None:
    """Both stand beside the rule; the message names the resource, says how, and ends with what to do."""
    (found,) = [each for each in violations_of(policy.failing) if each.policy == policy.name]
    assert found.level is policy.level
    assert found.resources[0] in found.message
    assert found.message.endswith(f": {policy.fix}")
    assert [each for each in violations_of(policy.passing) if each.policy == policy.name] == []


def test_the_settings_know_the_rules_by_their_names() -> None:
    """The names that a settings file may use are those of the table, each once."""
    assert get_args(PolicyName) == tuple(policy.name for policy in POLICIES)
    assert len(BY_NAME) == len(POLICIES)


def test_the_page_has_every_rule_as_it_is_declared() -> None:
    """``docs/policies.md`` is what ``make generate`` writes."""
    assert page.FILE.read_text(encoding="utf-8") == page.text()


def test_a_stack_chooses_a_level_with_a_reason() -> None:
    """Raised, a rule refuses; switched off, it is not looked at; the reason stands beside it."""
    failing = BY_NAME["images-name-a-version"].failing
    raised: Levels = {"images-name-a-version": PolicyLevel(level="mandatory", reason="we were bitten")}
    (found,) = [each for each in violations_of(failing, raised) if each.policy == "images-name-a-version"]
    assert (found.level, found.reason) == (Level.MANDATORY, "we were bitten")
    assert any(line.endswith("(mandatory here: we were bitten)") for line in lines([found]))
    off: Levels = {"images-name-a-version": PolicyLevel(level="disabled", reason="a test bed")}
    assert "images-name-a-version" not in {each.policy for each in violations_of(failing, off)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images-name-a-versoin": {"level": "mandatory", "reason": "x"}}, "images-name-a-versoin"),
        ({"images-name-a-version": {"level": "strict", "reason": "x"}}, "mandatory"),
        ({"images-name-a-version": {"level": "disabled"}}, "reason"),
        ({"images-name-a-version": {"level": "disabled", "reason": " "}}, "empty"),
    ],
)
def test_a_level_that_means_nothing_is_refused(given: dict[str, Any], said: str) -> None:
    """By the settings, with the key; a level without a reason is none."""
    project = {"name": "omega", "environment": "production"}
    config = {"railyard:secrets": "s.yaml", "railyard:omega": {"project": project}, "railyard:policies": given}
    with pytest.raises(SettingsError) as refusal:
        parse(config, python_systems(), file="Pulumi.shop.yaml")
    assert said in str(refusal.value)


def test_levels_are_read_as_pulumi_hands_them_over() -> None:
    """As JSON in a text, too; what is wrong with them is for the program to say."""
    text = '{"memory-is-limited": {"level": "disabled", "reason": "measured"}}'
    assert levels_of({"railyard:policies": text})["memory-is-limited"].level == "disabled"
    assert levels_of({"railyard:policies": "{"}) == {}
    assert levels_of({}) == {}


def step(resource: Resource, kind: StepKind, **more: Any) -> Step:
    return Step(
        kind=kind, urn=resource.urn, type=resource.type, name=resource.name, new_inputs=resource.props,
        dependencies=resource.needs, protect=resource.protect, **more,
    )  # fmt: skip


def test_variables_that_are_secret_as_a_whole_have_names() -> None:
    """As in the state of what was adopted: the rule about the Discord Gateway still sees two that connect."""
    rule = next(each for each in POLICIES if any("DISCORD_BOT_TOKEN" in str(it.props) for it in each.failing))
    secret = [
        replace(each, props={key: Secret(value) if key == "variables" else value for key, value in each.props.items()})
        for each in rule.failing
    ]

    violated = violations([step(each, StepKind.SAME) for each in secret], {})

    assert rule.name in {each.policy for each in violated}


def test_a_preview_looks_at_what_will_be() -> None:
    """What stays and what comes is checked, what goes is not; a mandatory rule refuses."""
    (volume,) = BY_NAME["data-is-protected"].failing
    for kind in (StepKind.SAME, StepKind.CREATE, StepKind.UPDATE):
        violated = violations([step(volume, kind)], {})
        assert refused(violated)
        assert as_document(violated)[0]["policy"] == "data-is-protected"
    assert violations([step(volume, StepKind.DELETE)], {}) == []


def test_a_document_of_the_cli_is_judged_alike() -> None:
    """From the new state of each step, with what stays the same; components and what goes are left out."""
    failing = BY_NAME["databases-are-near"].failing
    document = [
        {
            "op": "same",
            "urn": each.urn,
            "newState": {"custom": True, "inputs": each.props, "protect": each.protect, "dependencies": [*each.needs]},
        }
        for each in failing
    ]
    assert of_document(document, {}) == violations_of(failing)
    gone = [{**each, "op": "delete"} for each in document]
    assert of_document([*gone, {**document[0], "newState": {"custom": False}}], {}) == []


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.token)
def test_every_kind_of_database_is_one(server: Any) -> None:
    """A public address of any of them is refused, also of a kind that comes later."""
    urn = f"urn:pulumi:shop::railyard::railyard:systems:Shop${server.token}$railway:index:TcpProxy::shop-db-tcp-proxy"
    proxy = Resource(type="railway:index:TcpProxy", name="shop-db-tcp-proxy", urn=urn)
    assert [each.policy for each in violations_of([proxy])] == ["databases-are-private"]
