"""The settings of an environment follow from those of its stack, and a wrong group of them is refused with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from railyard.application import application
from railyard.environments.settings import ReviewSettings, Source, make
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import read_stack
from tests.environments.conftest import OMEGA, ROSE, SEANCE, SHOP, Project

Making = Callable[..., ReviewSettings]


@pytest.fixture
def making(project: Project) -> Making:
    """Makes the settings of pull request 12 from those that staging has now."""

    def made(*systems: str, reviews: str = "{}", **source: Any) -> ReviewSettings:
        project.settings(*systems, reviews=reviews)
        return make(read_stack("staging"), Source(number=12, **source))

    return made


def test_names_are_one_level_below_the_zone_and_nobody_elses(making: Making) -> None:
    """Called after the service; in variables the same name is exchanged, and one that only ends like it is not."""
    made = making(ROSE, SEANCE)

    web, backend = made.settings.systems["rose"].web, made.settings.systems["seance"].backend  # type: ignore[attr-defined]
    assert [each.hostname for each in (*web.domains, *backend.domains)] == [
        "pr-12-web.rose.example", "pr-12-backend.seance.dev",
    ]  # fmt: skip
    assert web.variables["CALLBACK"] == "https://pr-12-web.rose.example/back"
    assert web.variables["OTHER"] == "https://not-staging.rose.example"
    assert {each.project.name for each in made.settings.systems.values()} == {"rose-pr-12", "seance-pr-12"}
    assert {each.project.environment for each in made.settings.systems.values()} == {"pr-12"}
    assert made.settings.systems["seance"].bucket.name == "seance-cdn-staging-pr-12"  # type: ignore[attr-defined]


def test_no_two_services_have_one_name(making: Making) -> None:
    """A second name of a service, the name of another one, signs that no hostname has, and a name that is too long."""
    long = "a" * 40
    services = {"web": ["a", "b"], "web-2": ["c"], "api-v1": ["d"], "api.v1": ["e"], f"{long}-{long[:20]}": ["f"]}
    shop = "".join(
        f'      {name}: {{image: "example/shop:1.0", port: 8080, domains: ['
        + ", ".join(f"{{hostname: {each}.rose.example}}" for each in hostnames)
        + "]}\n"
        for name, hostnames in services.items()
    )
    made = making("  railyard:shop:\n    project: {name: shop-staging, environment: staging}\n    services:\n" + shop)

    settings = made.settings.systems["shop"].services  # type: ignore[attr-defined]
    names = [domain.hostname for each in settings.values() for domain in each.domains]
    web, second = ([domain.hostname for domain in settings[name].domains] for name in ("web", "web-2"))
    assert web == ["pr-12-web.rose.example", "pr-12-web-2.rose.example"]
    assert second == ["pr-12-web-2-2.rose.example"]
    assert len(set(names)) == 6
    assert max(len(name.partition(".")[0]) for name in names) <= 63


def test_everything_is_as_small_as_it_can_be_and_sleeps(making: Making) -> None:
    """One replica in one region, a volume of 1 GB, no backups: also where defaults of the system say otherwise."""
    large = ROSE.replace(
        "      repo: rose/rose",
        "      repo: rose/rose\n      regions: {us-west2: 2, europe-west4-drams3a: 1}\n      volume: null",
    )
    web = making(large).settings.systems["rose"].web  # type: ignore[attr-defined]
    disk = making(ROSE).settings.systems["rose"].web.volume  # type: ignore[attr-defined]

    assert (web.instances, web.placement, web.sleep_application) == (1, {"us-west2": 1}, True)
    assert (disk.size_gb, disk.backups, disk.usage_alerts) == (1, (), ())


def test_a_system_that_needs_a_gateway_of_its_own_is_left_out(making: Making) -> None:
    """There is no second gateway on one Discord token: neither the stack's nor a made-up one is given to a bot."""
    made = making(ROSE, OMEGA)

    assert list(made.settings.systems) == ["rose"]
    assert "two gateways answer every message twice" in made.left_out["omega"]
    with pytest.raises(OperationError, match="no system of staging can have a review environment"):
        making(OMEGA)


def test_a_pull_request_of_an_application_runs_its_branch_or_its_images(making: Making) -> None:
    """The services of its repository follow the branch; a commit or an image stands where it is named."""
    made = making(ROSE.replace("repo: rose/rose", 'repo: rose/rose\n      commitSha: "1234567"'), SEANCE,
                  repository="Rose/rose", branch="new-voice", given={("seance", "commit"): "b2c3d4e"})  # fmt: skip

    web = made.settings.systems["rose"].web  # type: ignore[attr-defined]
    assert (web.branch, web.commit_sha, web.check_suites) == ("new-voice", None, False)
    assert made.settings.systems["seance"].backend.image == "fractalhuman1/seance-backend:b2c3d4e"  # type: ignore[attr-defined]


def test_what_no_request_would_wake_does_not_sleep(making: Making) -> None:
    """A worker and a cron job run as in the stack; a redirect, of which the zone has one list, is left out."""
    jobs = """      worker: {topology: worker, image: "example/worker:1.0"}
      report: {topology: cronJob, image: "example/report:1.0", cronSchedule: "0 3 * * *"}
    redirects: [{hostname: www.rose.example, to: staging.rose.example}]
"""
    shop = making(SHOP + jobs).settings.systems["shop"]

    assert {name: each.sleep_application for name, each in shop.services.items()} == {  # type: ignore[attr-defined]
        "web": True, "worker": False, "report": False,
    }  # fmt: skip
    assert shop.redirects == ()


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("seance", "comit"), "b2c3d4e", "--set seance.comit\n  allowed: no such key in seance"),
        (("rose", "web", "commitSha"), "head", "--set rose.web.commitSha\n  allowed: "),
    ],
)
def test_what_is_wrong_with_an_option_is_told_of_the_option(
    making: Making, place: tuple[str, ...], value: str, said: str
) -> None:
    """Not of the settings file, in which it does not stand; what is wrong there is told as always."""
    with pytest.raises(CallError) as wrong:
        making(ROSE, SEANCE, given={place: value})

    assert said in str(wrong.value)
    assert "Pulumi.staging.yaml" not in str(wrong.value)


def test_secrets_are_handed_over_by_name_and_never_to_a_fork(making: Making) -> None:
    """What is not named is made up; a stranger's settings name nothing."""
    reviews = "{secrets: [rose.GROQ_API_KEY]}"
    own = making(ROSE, reviews=reviews)
    forks = making(ROSE, reviews=reviews, trusted=False)

    assert own.settings.stack.review is not None
    assert own.settings.stack.review.secrets == ("rose.GROQ_API_KEY",)
    assert forks.settings.stack.review is not None
    assert forks.settings.stack.review.secrets == ()


def test_what_is_encrypted_in_the_settings_stays_with_the_stack(making: Making) -> None:
    """Its value is the stack's, and no environment could open it: a made-up text stands there."""
    made = making(ROSE.replace("variables: {", "variables: {TOKEN: {secure: v1:abc:def}, "))

    assert made.settings.systems["rose"].web.variables["TOKEN"].startswith("encrypted-")  # type: ignore[attr-defined]
    assert "v1:abc" not in made.text


def test_of_a_forks_settings_the_systems_alone_count(project: Project, making: Making) -> None:
    """Its workspace, its zones, its budget for everybody's environments: all of that stays the stack's own."""
    project.settings(ROSE)
    text = (project.root / "Pulumi.staging.yaml").read_text()
    forged = text.replace("project: {name: rose-staging,", "project: {workspaceId: mine, name: production,")
    forged = forged.replace("{hours: 72, most: 5}", "{hours: 720, most: 50, secrets: [rose.GROQ_API_KEY]}")
    forged = forged.replace("environment: staging\n    web", "environment: staging\n    logLevel: DEBUG\n    web")

    made = making(ROSE, text=forged, trusted=False)

    rose = made.settings.systems["rose"]
    assert (rose.project.name, rose.project.workspace_id) == ("rose-pr-12", None)
    assert rose.log_level == "DEBUG"  # type: ignore[attr-defined]
    assert (made.settings.stack.reviews, made.settings.stack.zones[0].name) == (None, "rose.example")


def test_what_all_stacks_share_does_not_come_back(project: Project, making: Making) -> None:
    """Settings of defaults.yaml stand below those of an environment, too, and are as small there."""
    (project.root / "defaults.yaml").write_text(
        "config:\n  railyard:rose:\n    sealed: [GROQ_API_KEY]\n    web: {replicas: 3, volume: null}\n"
    )
    rose = making(ROSE).settings.systems["rose"]

    assert (rose.sealed, rose.web.replicas) == ((), 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        ("{hours: 0}", "railyard:reviews.hours = 0"),
        ("{lasts: 3}", "its keys are: hours, most, budget"),
        ("{systems: [rosa]}", "did you mean rose?"),
        ("{mask: {rose: [email]}}", "a column with its table, such as users.email"),
        ("{mask: {nettia: []}}", "a system of the project as key: omega, seance"),
        ("{secrets: [rose.GROK_API_KEY]}", "did you mean rose.GROQ_API_KEY?"),
        ("{secrets: [omega.DISCORD_BOT_TOKEN]}", "two gateways answer every message twice"),
    ],
)
def test_a_wrong_group_is_refused_with_file_and_line(project: Project, reviews: str, said: str) -> None:
    """As any settings are: what stands there, what may stand there, what to do."""
    project.settings(ROSE, OMEGA, reviews=reviews)

    with pytest.raises(OperationError) as refused:
        read_stack("staging")

    assert said in str(refused.value)
    assert "Pulumi.staging.yaml:4: railyard:reviews" in str(refused.value)


@pytest.mark.parametrize("number", ["0", "99999999999999999999999"])
def test_a_number_that_no_pull_request_has_is_a_wrong_call(number: str) -> None:
    """Before anything is written: a record of it would count as an environment."""
    assert CliRunner().invoke(application, ["review", "up", number]).exit_code == 2
