"""``railyard secrets apply``: exactly the services whose secrets differ are deployed again, and nothing else is."""

from __future__ import annotations

from collections import Counter

from railyard.secrets import apply as secrets_apply
from railyard.secrets.apply import plan
from railyard.shared.stack import read_stack

PREFIX = "urn:pulumi:staging::railyard::railyard:systems:Any$railway:index:ServiceInstance::"


def step(name, *changes, op="update"):
    return {"op": op, "urn": PREFIX + name, "detailedDiff": {path: {"kind": "update"} for path in changes}}


def test_only_the_services_that_read_a_changed_secret_are_deployed(up):
    """One key of the backend and the password of a database: four of eleven services, each once more."""
    up.change_secret("seance", "BUILDER_KEY", "planted-builder-key-2")
    up.change_secret("omnistack", "POSTGRES_PASSWORD", "planted-postgres-pw-2")

    preview = up.railyard("apply", "--preview", "--json")
    done = up.railyard("apply", "--yes")

    assert [each["otherChanges"] for each in preview.json["instances"]] == [[]] * 4
    assert preview.json["applied"] is False
    assert done.code == 0, done.text + done.errors
    twice = sorted(name for name, count in up.world()["deployments"].items() if count == 2)
    services = ("api", "postgres", "worker")
    assert twice == [*(f"omnistack-staging/{name}" for name in services), "seance-staging/backend"]
    assert set(up.world()["deployments"].values()) == {1, 2}
    assert up.json("preview", "-s", "staging").operations() == Counter()
    assert "ALTER USER" in done.text
    assert [value for value in ("planted-builder-key-2", "planted-postgres-pw-2") if value in done.text] == []
    files = [path.read_text(errors="replace") for path in up.sandbox.iterdir() if path.suffix in {".json", ".jsonl"}]
    kept = [text for text in files if "planted-builder-key-2" in text]
    assert len(kept) <= 1, "only the simulated Railway itself holds it"


def test_an_optional_secret_brings_its_switch_along(up):
    """A variable that stands only beside a secret is no foreign change; taking the secret away is one of its own."""
    up.change_secret("omnistack", "RESEND_API_KEY", None)

    done = up.railyard("apply", "--yes", "--json")

    assert done.code == 0, done.text
    assert {name for each in done.json["instances"] for name in each["secrets"]} == {"RESEND_API_KEY", "EMAIL_PROVIDER"}
    assert done.json["applied"] is True


def test_a_service_that_would_change_otherwise_too_is_refused(up):
    """Which service and which property, and nothing is deployed, not even elsewhere."""
    before = up.world()
    up.change("staging", "commit: a1b2c3d", "commit: b2c3d4e")
    up.change_secret("seance", "BUILDER_KEY", "planted-builder-key-2")
    up.change_secret("omega", "OPENAI_API_KEY", "sk-planted-2")

    refused = up.railyard("apply", "--yes")

    assert refused.code == 1
    assert "! seance-backend-instance: BUILDER_KEY\n    also: image" in refused.text
    assert "more than secrets would change in 1 service" in refused.errors
    assert "Traceback" not in refused.errors
    assert up.world() == before


def test_changes_in_other_services_wait_for_an_ordinary_up(up):
    """A secret of Omega is applied while Seance has a new commit, which stays undone."""
    up.change("staging", "commit: a1b2c3d", "commit: b2c3d4e")
    up.change_secret("omega", "OPENAI_API_KEY", "sk-planted-2")

    done = up.railyard("apply", "--yes")

    assert done.code == 0, done.text + done.errors
    assert "note: 4 other changes in this stack stay as they are" in done.text
    assert [name for name, count in up.world()["deployments"].items() if count == 2] == ["omega-staging/bot"]
    assert up.json("preview", "-s", "staging").operations() == Counter(update=4)


def test_a_deployment_that_fails_is_an_error_without_secrets(up):
    """A service that crashes with its new secret: exit code 1, its log, and no value."""
    up.change_secret("seance", "BUILDER_KEY", "planted-builder-key-2")
    up.break_image("fractalhuman1/seance-backend:a1b2c3d", "crash")

    failed = up.railyard("apply", "--yes")
    as_json = up.railyard("apply", "--yes", "--json")

    assert (failed.code, as_json.code) == (1, 1)
    said = failed.text + failed.errors + as_json.text + as_json.errors
    assert "lines of its deployment log" in said
    assert "planted-builder-key-2" not in said
    assert "Traceback" not in said


def test_a_person_is_asked_and_what_changes_meanwhile_is_not_deployed(up, monkeypatch):
    """No deploys nothing; yes deploys what was shown, and nothing when it is not that any more."""
    up.change_secret("seance", "BUILDER_KEY", "planted-builder-key-2")
    up.change("staging", "logLevel: debug", "logLevel: info")  # stays as it is, and the order of changes varies
    before = up.world()

    declined = up.railyard("apply", given="n\n")
    assert (declined.code, "Deploy 1 service again?" in declined.text) == (1, True)

    for meanwhile in (
        lambda: up.change_secret("seance", "BUILDER_KEY", "planted-builder-key-3"),
        lambda: up.change("staging", "commit: a1b2c3d", "commit: b2c3d4e"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(secrets_apply, "_ask", lambda _planned, change=meanwhile: change())
            refused = up.railyard("apply", given="")
        assert (refused.code, "something changed while you were asked" in refused.errors) == (1, True)
    assert up.world() == before
    up.change("staging", "commit: b2c3d4e", "commit: a1b2c3d")

    assert up.railyard("apply", given="y\n").code == 0
    assert [name for name, count in up.world()["deployments"].items() if count == 2] == ["seance-staging/backend"]


def test_nothing_changed_is_nothing_to_do(up):
    """Exit code 0, and no request beyond those of the up."""
    before = len(up.requests())

    done = up.railyard("apply", "--yes")

    assert (done.code, len(up.requests()) - before) == (0, 0)
    assert "no service reads a secret that has changed" in done.text


def test_before_the_first_up_there_is_nothing_to_apply_to(railyard):
    """The next step is named."""
    refused = railyard.railyard("apply", "--yes")

    assert refused.code == 1
    assert "nothing of staging is up yet" in refused.errors


def test_missing_secrets_are_reported_as_the_program_does(up):
    """The report of the program is the error, without a traceback."""
    up.change_secret("seance", "BUILDER_KEY", None)

    refused = up.railyard("apply", "--yes")

    assert refused.code == 1
    assert "Missing required secret: seance.BUILDER_KEY" in refused.errors
    assert "Traceback" not in refused.errors


def test_where_nobody_can_be_asked_yes_is_needed(railyard):
    """A script does not deploy by accident."""
    refused = railyard.railyard("apply")

    assert refused.code == 2
    assert "--yes" in refused.errors


def test_a_real_account_needs_the_pulumi_cli(railyard):
    """The embedded engine never gets to see an address that is not loopback."""
    for variables in ({"RAILWAY_API_URL": "https://backboard.railway.example/graphql/v2"}, {"RAILWAY_API_TOKEN": "t"}):
        refused = railyard.railyard("apply", "--yes", PATH="/usr/bin:/bin", **variables)

        assert refused.code == 1
        assert "takes the Pulumi CLI, and it is not on PATH" in refused.errors
        assert not railyard.sandbox.exists()


def test_an_address_counts_only_with_the_password_that_is_in_it():
    """DATABASE_URL also changes with the database's name: then it is no change of a secret."""
    declared = read_stack("staging").declared

    renamed = plan([step("netia-app-instance", "variables.DATABASE_URL")], declared)
    rotated = plan(
        [
            step("netia-app-instance", "variables.DATABASE_URL"),
            step("netia-postgres-instance", "variables.POSTGRES_PASSWORD"),
        ],
        declared,
    )

    assert (len(renamed.instances), renamed.elsewhere) == (0, 1)
    assert [each.name for each in rotated.instances] == ["netia-app-instance", "netia-postgres-instance"]


def test_every_other_property_and_variable_refuses():
    """Plain variables, settings and secrets of another system are no business of a secrets-only update."""
    declared = read_stack("staging").declared

    for path in ("variables.LOG_LEVEL", "startCommand", "variables.STRIPE_SECRET_KEY", "variables"):
        planned = plan([step("omega-bot-instance", "variables.DISCORD_BOT_TOKEN", path)], declared)
        assert [each.others for each in planned.refused] == [(path,)]


def test_an_instance_that_is_made_or_replaced_is_never_a_target():
    """A first deployment brings its secrets with it."""
    declared = read_stack("staging").declared

    for op in ("create", "replace", "delete"):
        assert plan([step("omega-bot-instance", "variables.OPENAI_API_KEY", op=op)], declared).instances == ()
