"""Whatever happens to a run, its project goes."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner

from railway_api.documents.account import NOTIFICATION_RULE_CREATE
from railway_api.documents.project import PROJECT_CREATE
from railway_api.failure import Failure
from railway_api.transport import ATTEMPTS
from railyard.contract.application import application
from railyard.contract.doubtful_point import DoubtfulPoint, Outcome, Verdict, doubtful_point
from railyard.contract.suite import Run
from railyard.contract.throwaway_project import DESCRIPTION
from tests.live.conftest import Try, client_of, living, reached, timed
from tests.provider.in_process import Connection

WAITS_FOR_EVER = 1


def never_ending(began: asyncio.Event) -> DoubtfulPoint:
    @doubtful_point(WAITS_FOR_EVER, "Does it end?", assumed="never", change=())
    async def ask(project) -> Verdict:
        await project.service("left")
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    return ask


def test_an_interrupted_run_deletes_its_project(connection: Connection):
    """Ctrl-C cancels the run in the middle of a point."""
    cloud = connection.sandbox.railway

    async def body() -> Run:
        began = asyncio.Event()
        client = client_of(connection)
        run = Run(client, next(iter(cloud.state.workspaces)))
        task = asyncio.create_task(run.start([never_ending(began)], lambda _text: None))
        await began.wait()
        assert living(cloud) == [run.project]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.close()
        return run

    with reached(connection):
        run = timed(connection, body())

    assert run.leftover == ""
    assert living(cloud) == []


def test_a_project_whose_creation_was_not_confirmed_is_found_and_deleted(attempt: Try, connection: Connection):
    """The answer to the creation is lost, the project is there."""
    connection.fail("projectCreate", when="lost")

    run = attempt([23])

    assert run.all_as_assumed
    assert len(connection.sandbox.railway.state.projects) == 1
    assert living(connection.sandbox.railway) == []


def test_a_project_whose_creation_failed_after_the_fact_is_deleted(attempt: Try, connection: Connection):
    """The creation ends with an error that is not a lost answer, and the project is there all the same."""
    connection.fail("projectCreate", when="after", status=200, message="Problem processing request")

    with pytest.raises(Failure, match="Problem processing request"):
        attempt([23])

    assert len(connection.sandbox.railway.state.projects) == 1
    assert living(connection.sandbox.railway) == []


def test_projects_are_not_made_too_quickly(attempt: Try, connection: Connection):
    """A second run right after the first waits for Railway's half a minute."""
    attempt([23])
    run = attempt([23])

    assert run.all_as_assumed
    first, second = connection.sandbox.railway.state.projects.values()
    assert second.created_at - first.created_at >= 30


def test_a_deletion_that_fails_for_a_while_is_repeated(attempt: Try, connection: Connection):
    """Errors of Railway's do not leave a project behind."""
    connection.fail("projectDelete", status=200, message="Problem processing request", count=3)

    assert attempt([23]).leftover == ""
    assert living(connection.sandbox.railway) == []


def test_a_look_that_fails_after_the_deletion_is_repeated(attempt: Try, connection: Connection):
    """Whether the project is gone cannot be read once: the next attempt finds it gone."""
    connection.fail("query project$", status=503, count=ATTEMPTS)

    assert attempt([23]).leftover == ""
    assert living(connection.sandbox.railway) == []


def test_a_lost_answer_is_not_a_refusal_of_the_value(attempt: Try, connection: Connection):
    """Whether Railway accepts a name cannot be told when it does not answer."""
    connection.fail("serviceCreate", status=503, count=99)

    (result,) = attempt([11]).results

    assert result.verdict.outcome is Outcome.COULD_NOT_TELL


def test_a_project_that_cannot_be_deleted_is_named_with_what_to_do(attempt: Try, connection: Connection):
    """The run says so, and counts as failed."""
    connection.fail("projectDelete", status=200, message="Problem processing request", count=100)

    run = attempt([23])

    assert run.project in run.leftover
    assert "may still cost money" in run.leftover
    assert "make live CLEAN=1" in run.leftover
    assert not run.all_as_assumed
    assert living(connection.sandbox.railway) == [run.project]


def make_project(connection: Connection, name: str, description: str | None) -> str:
    cloud = connection.sandbox.railway

    async def body() -> str:
        client = client_of(connection)
        workspace = next(iter(cloud.state.workspaces))
        wanted = {"name": name, "description": description, "workspaceId": workspace}
        made = (await client.call(PROJECT_CREATE, input=wanted))["id"]
        rule = {"workspaceId": workspace, "projectId": made, "eventTypes": ["X"], "channelConfigs": [{"type": "X"}]}
        await client.call(NOTIFICATION_RULE_CREATE, input=rule)
        await client.close()
        return made

    cloud.state.throttled.clear()
    return timed(connection, body())


@pytest.mark.parametrize("fault", ["notificationRules", "notificationRuleDelete"])
def test_a_notification_rule_that_cannot_be_deleted_keeps_no_project(cloud, connection, fault: str):
    """The project costs money, its rule does not; a rule that may be left is said."""
    make_project(connection, "railyard-live-0123abcd", DESCRIPTION)
    make_project(connection, "railyard-live-0123abce", DESCRIPTION)
    connection.fail(f" {fault}$", status=200, message="Problem processing request")

    cleaned = CliRunner().invoke(application, ["--clean", "--json"])

    assert cleaned.exit_code == 1
    assert living(cloud) == []
    assert json.loads(cleaned.stdout)["deleted"] == ["railyard-live-0123abcd"]
    left = json.loads(cleaned.stdout)["leftBehind"]["railyard-live-0123abce"]
    assert "a notification rule may be left in the workspace" in left


def test_what_a_killed_run_left_is_named_and_deleted_when_told(cloud, connection):
    """Only what has both marks: a project of that name that somebody made is theirs."""
    make_project(connection, "railyard-live-0123abcd", DESCRIPTION)
    theirs = make_project(connection, "railyard-live-0123abce", "ours")
    make_project(connection, "railyard-live-tests", DESCRIPTION)
    cloud.state.throttled.clear()

    tried = CliRunner().invoke(application, ["--only", "23"])
    assert tried.exit_code == 0
    assert "under way: railyard-live-0123abcd. 'make live CLEAN=1' deletes them." in tried.stderr
    assert "railyard-live-0123abcd" in living(cloud)

    cleaned = CliRunner().invoke(application, ["--clean"])
    assert cleaned.exit_code == 0
    assert cleaned.stdout == "deleted: railyard-live-0123abcd\n"
    assert sorted(living(cloud)) == ["railyard-live-0123abce", "railyard-live-tests"]
    assert {each.project_id for each in cloud.state.notification_rules.values()} >= {theirs}
    assert len(cloud.state.notification_rules) == 2
