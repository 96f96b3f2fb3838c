"""The five systems carry what their operators' documents ask for, in both stacks."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.zone import ZoneSettings
from railyard.engine.configuration import read_configuration
from stacks import compose, python_systems
from stacks.netia import Netia, NetiaSettings
from stacks.omega import Omega, OmegaSettings
from stacks.omnistack import Omnistack, OmnistackSettings
from stacks.rose import Rose, RoseSettings
from stacks.seance import Seance, SeanceSettings
from stacks.secrets import SystemSecrets
from stacks.settings import parse

ROOT = Path(__file__).parents[2]
PRODUCTION, STAGING = "production", "staging"
INSTANCE = "railway:index:ServiceInstance"


@pytest.fixture(scope="module")
def stack(deploy):
    """All resources of a stack, by type and name."""

    @cache
    def made(name: str) -> dict[tuple[str, str], Any]:
        settings = parse(read_configuration(ROOT, name).config, python_systems(), file=f"Pulumi.{name}.yaml")
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("RAILYARD_SECRETS", str(ROOT / "secrets" / "sandbox.yaml"))
            patched.setenv("SOPS_AGE_KEY_FILE", str(ROOT / "secrets" / "sandbox.agekey"))
            return deploy(lambda: compose(settings))

    return made


def part(of: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: of.get(key) for key in keys}


@pytest.mark.parametrize("name", [STAGING, PRODUCTION])
def test_every_system_has_a_project_of_its_own_named_with_the_stack(stack, name):
    """Two stacks never share a project, and its environment carries the stack's name."""
    projects = {
        inputs["name"]: inputs["environmentName"]
        for (kind, _), inputs in stack(name).items()
        if kind == "railway:index:Project"
    }

    assert projects == {f"{system.NAME}-{name}": name for system in python_systems()}


def test_omega_is_one_bot_from_its_repository(stack):
    """Source, build, health check, restarts and memory as the operators wrote them."""
    bot = stack(PRODUCTION)[INSTANCE, "omega-bot-instance"]

    assert part(bot, "repo", "branch", "builder", "startCommand", "healthcheckPath", "healthcheckTimeout") == {
        "repo": "thomasdavis/omega",
        "branch": "main",
        "builder": "NIXPACKS",
        "startCommand": "node apps/bot/dist/index.js",
        "healthcheckPath": "/health",
        "healthcheckTimeout": 300,
    }
    assert part(bot, "restartPolicyType", "restartPolicyMaxRetries", "memoryMb", "regions") == {
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": 10,
        "memoryMb": 512,
        "regions": {"us-west2": 1},
    }
    # Failed checks prevent a deployment, and one that fails is taken back.
    assert part(bot, "checkSuites", "onFailure") == {"checkSuites": True, "onFailure": "rollBack"}


@pytest.mark.parametrize("name", [STAGING, PRODUCTION])
def test_whatever_holds_data_is_backed_up(stack, name):
    """Omega's artifacts and SQLite database, Rose's conversations, databases, queues: each volume has a schedule."""
    disks = {name: inputs for (kind, name), inputs in stack(name).items() if kind == "railway:index:Volume"}

    assert {"omega-bot-volume-disk", "rose-web-volume-disk", "netia-postgres-volume-disk"} <= disks.keys()
    assert {disk for disk, inputs in disks.items() if inputs.get("backupSchedules") != ["DAILY"]} == set()


def test_omega_shows_its_artifacts_at_its_railway_domain(stack):
    """The address of the artifact server is the domain on its port, and files outlive a deployment."""
    seen = stack(PRODUCTION)

    assert seen["railway:index:ServiceDomain", "omega-bot-railway-domain"]["targetPort"] == 3001
    assert seen["railway:index:Volume", "omega-bot-volume-disk"]["mountPath"] == "/data"
    variables = seen[INSTANCE, "omega-bot-instance"]["variables"]
    assert part(variables, "ARTIFACT_SERVER_URL", "ARTIFACT_SERVER_PORT", "NODE_ENV", "LOG_LEVEL") == {
        "ARTIFACT_SERVER_URL": "https://omega-bot-railway-domain.up.railway.app",
        "ARTIFACT_SERVER_PORT": "3001",
        "NODE_ENV": "production",
        "LOG_LEVEL": "info",
    }
    assert {"DISCORD_BOT_TOKEN", "OPENAI_API_KEY", "TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN"} <= set(variables)


def test_seance_runs_six_services_with_their_images_and_ports(stack):
    """Own images carry the commit; the signaling server and valkey are somebody else's."""
    seen = stack(PRODUCTION)
    found = {
        name: (inputs["image"], inputs["variables"].get("PORT"), inputs.get("healthcheckPath"))
        for (kind, name), inputs in seen.items()
        if kind == INSTANCE and name.startswith("seance-")
    }

    assert found == {
        "seance-backend-instance": ("fractalhuman1/seance-backend:a1b2c3d", "8765", "/"),
        "seance-landing-instance": ("fractalhuman1/seance-landing:a1b2c3d", "80", "/"),
        "seance-signaling-instance": ("funnyzak/y-webrtc-signaling:latest", "4444", "/health"),
        "seance-beholder-instance": ("fractalhuman1/seance-beholder:a1b2c3d", "80", "/health"),
        "seance-litellm-instance": ("fractalhuman1/seance-litellm:a1b2c3d", "4000", "/health"),
        "seance-valkey-instance": ("valkey/valkey:latest", None, None),
    }


def test_seance_answers_at_its_names_behind_the_proxy(stack):
    """The apex and one subdomain for each public service, all proxied; valkey has none."""
    seen = stack(PRODUCTION)
    names = {
        inputs["name"]: inputs["proxied"]
        for (kind, name), inputs in seen.items()
        if "dnsRecord" in kind and name.startswith("seance-") and inputs["type"] == "CNAME"
    }

    assert names == dict.fromkeys(
        ["seance.dev", "backend.seance.dev", "signaling.seance.dev", "beholder.seance.dev", "litellm.seance.dev"], True
    )


def test_seance_backend_reaches_valkey_and_its_bucket(stack):
    """Private network, prefix of the stack, CDN, a key of the bucket alone; the other keys come from secrets."""
    seen = stack(PRODUCTION)
    variables = seen[INSTANCE, "seance-backend-instance"]["variables"]

    assert part(variables, "REDIS_URL", "SPACES_BUCKET", "SPACES_REGION", "SPACES_PREFIX", "SPACES_ACCESS_KEY_ID") == {
        "REDIS_URL": "redis://valkey.railway.internal:6379",
        "SPACES_BUCKET": "seance-cdn",
        "SPACES_REGION": "sfo3",
        "SPACES_PREFIX": "prod/",
        "SPACES_ACCESS_KEY_ID": "DO00KEY",
    }
    assert {"STRIPE_SECRET_KEY", "BUILDER_KEY", "SPACES_CDN_URL", "SPACES_SECRET_ACCESS_KEY"} <= set(variables)


@pytest.mark.parametrize(("name", "replicas", "size_mb"), [(STAGING, 1, 5_000), (PRODUCTION, 2, 20_000)])
def test_omnistack_is_sized_by_its_table(stack, name, replicas, size_mb):
    """Instances of api and worker and the size of the database differ between the stacks."""
    seen = stack(name)

    assert {
        "api": seen[INSTANCE, "omnistack-api-instance"]["regions"]["us-west2"],
        "worker": seen[INSTANCE, "omnistack-worker-instance"]["regions"]["us-west2"],
        "database": seen["railway:index:Volume", "omnistack-postgres-volume-disk"]["sizeMb"],
    } == {"api": replicas, "worker": 1 if name == STAGING else 2, "database": size_mb}


def test_omnistack_migrates_before_new_code_takes_traffic(stack):
    """One Dockerfile for both; the API migrates, and the worker does not."""
    seen = stack(PRODUCTION)
    api, worker = seen[INSTANCE, "omnistack-api-instance"], seen[INSTANCE, "omnistack-worker-instance"]

    assert api["dockerfilePath"] == worker["dockerfilePath"] == "docker/Dockerfile"
    assert (api["preDeployCommand"], worker.get("preDeployCommand")) == ("python scripts/migrate_production.py", None)
    assert worker["startCommand"] == "arq app.jobs.worker.WorkerSettings"
    assert part(api, "healthcheckPath", "healthcheckTimeout", "restartPolicyMaxRetries") == {
        "healthcheckPath": "/api/v1/public/health",
        "healthcheckTimeout": 30,
        "restartPolicyMaxRetries": 3,
    }


def test_omnistack_reaches_its_stores_and_its_sign_in(stack):
    """The driver's own scheme, PostgreSQL 16, and the address of the chosen provider alone."""
    seen = stack(PRODUCTION)
    variables = seen[INSTANCE, "omnistack-api-instance"]["variables"]

    assert seen[INSTANCE, "omnistack-postgres-instance"]["image"].endswith(":16")
    assert variables["DATABASE_URL"].startswith("postgresql+asyncpg://postgres:")
    assert variables["REDIS_URL"].startswith("redis://default:")
    assert len(variables["SECRET_KEY"]) >= 32
    assert (variables["AUTH_PROVIDER"], "SUPABASE_PROJECT_URL" in variables, "CLERK_ISSUER_URL" in variables) == (
        "supabase",
        True,
        False,
    )


@pytest.mark.parametrize(("name", "nodes"), [(STAGING, 1), (PRODUCTION, 2)])
def test_netia_has_redis_exactly_when_it_has_more_than_one_node(stack, name, nodes):
    """A single node needs no Redis; several find each other through it."""
    seen = stack(name)
    app = seen[INSTANCE, "netia-app-instance"]

    assert app["regions"]["us-west2"] == nodes
    assert ((INSTANCE, "netia-redis-instance") in seen, "REDIS_URL" in app["variables"]) == (
        nodes > 1,
        nodes > 1,
    )


def test_netia_is_phoenix_on_port_4000_with_tls_to_its_database(stack):
    """Port, Dockerfile, migrations first, TLS required, key of 64 bytes, its own domain in both addresses."""
    app = stack(PRODUCTION)[INSTANCE, "netia-app-instance"]
    variables = app["variables"]

    assert part(app, "dockerfilePath", "preDeployCommand", "startCommand") == {
        "dockerfilePath": "Dockerfile",
        "preDeployCommand": "/entrypoint.sh db migrate",
        "startCommand": "/entrypoint.sh run",
    }
    assert variables["DATABASE_URL"].endswith("?sslmode=require")
    assert len(variables["SECRET_KEY_BASE"].encode()) >= 64
    assert part(variables, "PORT", "MIX_ENV", "REQUIRE_DB_SSL", "BACKEND_URL", "REACT_APP_URL") == {
        "PORT": "4000",
        "MIX_ENV": "prod",
        "REQUIRE_DB_SSL": "true",
        "BACKEND_URL": "https://app.netia.example",
        "REACT_APP_URL": "https://app.netia.example",
    }


@pytest.mark.parametrize(
    ("name", "workers", "size_mb", "sleeps", "settings"),
    [
        (STAGING, 2, 1_000, True, ("https://staging.rose.example", "20", "true", "3")),
        (PRODUCTION, 4, 5_000, False, ("https://rose.example,https://www.rose.example", "10", "false", "7")),
    ],
)
def test_rose_differs_between_the_stacks_as_its_table_says(stack, name, workers, size_mb, sleeps, settings):
    """Workers, volume, sleep, origins, rate limit, API docs and retention."""
    seen = stack(name)
    web = seen[INSTANCE, "rose-web-instance"]
    disk = seen["railway:index:Volume", "rose-web-volume-disk"]

    assert web["startCommand"].endswith(f"--port $PORT --workers {workers}")
    assert (disk["mountPath"], disk["sizeMb"], disk["backupSchedules"]) == ("/app/data", size_mb, ["DAILY"])
    assert disk["usageAlerts"] == [80]
    assert web["sleepApplication"] is sleeps
    names = ("ALLOWED_ORIGINS", "RATE_LIMIT_PER_MINUTE", "ENABLE_API_DOCS", "SESSION_RETENTION_DAYS")
    assert tuple(web["variables"][key] for key in names) == settings


@pytest.mark.parametrize("name", [STAGING, PRODUCTION])
def test_every_volume_alerts_before_it_is_full(stack, name):
    """At 80 % of its capacity, as Rose's document asks for its own."""
    disks = {key[1]: inputs["usageAlerts"] for key, inputs in stack(name).items() if key[0] == "railway:index:Volume"}

    assert len(disks) == 6
    assert set(map(tuple, disks.values())) == {(80,)}


@pytest.mark.parametrize(("system", "settings"), [(Omega, OmegaSettings), (Rose, RoseSettings)])
def test_what_fails_is_sent_to_the_webhook_of_a_system(deploy, system, settings):
    """A failing health check fails the deployment; crashes and passed thresholds are told, too. No service sees it."""
    given = {"project": {"name": f"{system.NAME}-test", "environment": "test"}, "alerts": {}}
    rose = {"web": {"repo": "rose/rose", "domains": [{"hostname": "rose.example"}]}, "environment": "staging"}
    extra = {**rose, "workers": 1} if system is Rose else {}
    parsed = settings.model_validate({**given, **extra})
    declared = {secret.name for secret in system.declared(parsed)}

    def program():
        secret = pulumi.Output.secret("https://hooks.example.com/planted")
        names = declared - {"TURSO_DATABASE_URL"}
        zones = (ZoneSettings(name="rose.example", id="0" * 32),)
        system(parsed, SystemSecrets(values=dict.fromkeys(names, secret)), zones)

    seen = deploy(program)

    rule = seen["railway:index:NotificationRule", f"{system.NAME}-rule"]
    assert {"Deployment.failed", "Deployment.crashed", "VolumeAlert.triggered"} <= set(rule["eventTypes"])
    assert json.loads(rule["channelConfigs"][0]) == {"type": "webhook", "url": "https://hooks.example.com/planted"}
    services = [inputs["variables"] for key, inputs in seen.items() if key[0] == INSTANCE]
    assert [variables for variables in services if "ALERT_WEBHOOK" in variables] == []
    assert "ALERT_WEBHOOK" not in {each.name for each in system.declared(parsed.model_copy(update={"alerts": None}))}


def test_rose_has_one_window_in_which_to_become_healthy(stack):
    """40 seconds of grace and 30 for the answer are one timeout of 70 on Railway."""
    web = stack(PRODUCTION)[INSTANCE, "rose-web-instance"]

    assert part(web, "builder", "buildCommand", "healthcheckPath", "healthcheckTimeout") == {
        "builder": "NIXPACKS",
        "buildCommand": "uv sync --frozen && cd frontend && npm install && npm run build",
        "healthcheckPath": "/api/health",
        "healthcheckTimeout": 70,
    }


def test_a_zone_below_another_one_has_its_names_alone(deploy, monkeypatch):
    """The SSL mode of the zone above belongs to whoever has names there."""
    monkeypatch.setenv("RAILYARD_SECRETS", str(ROOT / "secrets" / "sandbox.yaml"))
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(ROOT / "secrets" / "sandbox.agekey"))
    given = read_configuration(ROOT, STAGING).config
    zones = [{"name": "example.com", "id": "a" * 32}, {"name": "sub.example.com", "id": "b" * 32}]
    domains = [{"hostname": "www.sub.example.com", "proxied": True}]
    rose = json.loads(given["railyard:rose"])
    rose["web"]["domains"] = domains
    config = {"railyard:secrets": "secrets/staging.yaml", "railyard:zones": zones, "railyard:rose": rose}
    settings = parse(config, python_systems(), file="Pulumi.staging.yaml")

    made = deploy(lambda: compose(settings))

    modes = [inputs["zoneId"] for (kind, _), inputs in made.items() if kind.endswith(":ZoneSetting")]
    records = {inputs["zoneId"] for (kind, _), inputs in made.items() if kind.endswith(":DnsRecord")}
    assert (modes, records) == (["b" * 32], {"b" * 32})


PROJECT = {"name": "any-development", "environment": "development"}


def variables_of(deploy, system, settings, instance, **secrets: str) -> dict[str, Any]:
    """The variables of one instance of a system with these settings, and secrets of these values."""

    def program() -> None:
        system(settings, SystemSecrets(values={name: pulumi.Output.secret(each) for name, each in secrets.items()}), [])

    return deploy(program)[INSTANCE, instance]["variables"]


def test_whether_omega_runs_semi_trusted_code_is_a_setting(deploy):
    """True unless somebody says otherwise, as in its document, and there only with the key of Unsandbox."""
    needed = {"DISCORD_BOT_TOKEN": "token", "OPENAI_API_KEY": "sk-1"}
    unset = OmegaSettings.model_validate({"project": PROJECT})
    off = OmegaSettings.model_validate({"project": PROJECT, "unsandbox_enable_semitrust": False})

    def told(settings: OmegaSettings, **secrets: str) -> str | None:
        seen = variables_of(deploy, Omega, settings, "omega-bot-instance", **needed, **secrets)
        return seen.get("UNSANDBOX_ENABLE_SEMITRUST")

    assert told(unset, UNSANDBOX_API_KEY="key") == "true"
    assert told(off, UNSANDBOX_API_KEY="key") == "false"
    assert told(unset) is None


def test_netias_mail_server_is_a_setting(deploy):
    """Gmail's, on port 587, where there is a user of it; Slack and Gmail have their credentials."""
    settings = NetiaSettings.model_validate(
        {"project": PROJECT, "app": {"repo": "netia/netia", "railway_domain": True}}
    )
    secret = {"SECRET_KEY_BASE": "k" * 64, "POSTGRES_PASSWORD": "p" * 16}

    seen = variables_of(deploy, Netia, settings, "netia-app-instance", **secret, SMTP_USERNAME="me")

    assert part(seen, "SMTP_HOST", "SMTP_PORT", "SMTP_USERNAME") == {
        "SMTP_HOST": "smtp.gmail.com",
        "SMTP_PORT": "587",
        "SMTP_USERNAME": "me",
    }
    assert "SMTP_HOST" not in variables_of(deploy, Netia, settings, "netia-app-instance", **secret)
    names = {each.name for each in Netia.secrets(settings) if not each.required}
    assert {"PAPERCUPS_SLACK_CLIENT_SECRET", "PAPERCUPS_GOOGLE_CLIENT_SECRET", "REDIS_TLS_URL"} <= names


def test_omnistack_may_have_its_database_elsewhere(deploy):
    """Its address is a secret, its pool that of a serverless database, and nothing of PostgreSQL is made."""
    settings = OmnistackSettings.model_validate(
        {
            "project": PROJECT,
            "environment": "development",
            "api": {"repo": "omnistack/omnistack-backend"},
            "worker": {"repo": "omnistack/omnistack-backend"},
            "postgres": None,
            "db_pool_size": 5,
            "db_use_null_pool": True,
            "authentication": {"provider": "supabase", "supabase_project_url": "https://x.supabase.co"},
        }
    )
    address = "postgresql+asyncpg://u:p@db.example/x"
    secret = {"SECRET_KEY": "k" * 32, "REDIS_PASSWORD": "p" * 16, "DATABASE_URL": address}

    for service in ("api", "worker"):
        seen = variables_of(deploy, Omnistack, settings, f"omnistack-{service}-instance", **secret)
        assert part(seen, "DATABASE_URL", "DB_POOL_SIZE", "DB_USE_NULL_POOL") == {
            "DATABASE_URL": address,
            "DB_POOL_SIZE": "5",
            "DB_USE_NULL_POOL": "true",
        }
    names = {each.name: each.required for each in Omnistack.secrets(settings)}
    assert names["DATABASE_URL"]
    assert "POSTGRES_PASSWORD" not in names


def test_errors_reach_sentry_where_it_has_an_address():
    """A secret of its own in each system whose document asks for it."""
    omega = OmegaSettings.model_validate({"project": PROJECT})
    seance = SeanceSettings.model_construct()

    assert "SENTRY_DSN" in {each.name for each in Omega.secrets(omega)}
    assert "SENTRY_DSN" in {each.name for each in Seance.secrets(seance)}


def test_the_page_on_the_documents_has_roses_development_environment(deploy):
    """Nine values, as in its table: the settings on the page are read, and reach the application."""
    page = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
    block = page.split("```yaml\nrailyard:rose:\n", 1)[1].split("```", 1)[0]
    settings = RoseSettings.model_validate_json(json.dumps(yaml.safe_load(block)))
    names = [each.name for each in Rose.secrets(settings)]

    seen = variables_of(deploy, Rose, settings, "rose-web-instance", **dict.fromkeys(names, "https://x"))

    wanted = {
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "DEBUG",
        "LOG_FORMAT": "console",
        "ALLOWED_ORIGINS": "*",
        "RATE_LIMIT_ENABLED": "false",
        "ENABLE_API_DOCS": "true",
        "WORKFLOW_TIMEOUT_SECONDS": "120",
        "SESSION_RETENTION_DAYS": "1",
    }
    assert part(seen, *wanted) == wanted
    assert settings.workers == 1


def test_omega_gets_a_redis_where_the_settings_have_one(deploy):
    """Its address is the bot's REDIS_URL, which is no secret of the file then; its password is none of the bot's."""
    settings = OmegaSettings.model_validate({"project": PROJECT, "redis": {}})
    needed = {"DISCORD_BOT_TOKEN": "d", "OPENAI_API_KEY": "sk-x", "REDIS_PASSWORD": "p" * 32}
    seen = variables_of(deploy, Omega, settings, "omega-bot-instance", **needed)

    assert "REDIS_URL" in seen
    assert "REDIS_PASSWORD" not in seen
    assert "REDIS_URL" not in {each.name for each in Omega.secrets(settings)}


def test_omega_without_a_port_has_no_variable_of_one(deploy):
    """A domain may lead to a port of its own: the bot then decides on which one its artifact server listens."""
    bot = {"port": None, "railway_domain": True, "railway_domain_port": 3001}
    settings = OmegaSettings.model_validate({"project": PROJECT, "bot": bot})
    seen = variables_of(deploy, Omega, settings, "omega-bot-instance", DISCORD_BOT_TOKEN="d", OPENAI_API_KEY="sk-x")

    assert "ARTIFACT_SERVER_URL" in seen
    assert "ARTIFACT_SERVER_PORT" not in seen


def test_a_service_of_seance_may_be_built_from_a_repository():
    """It then has no image of the commit, which would exclude the repository; the others keep theirs."""
    given = json.loads(read_configuration(ROOT, STAGING).config["railyard:seance"])
    given["backend"]["repo"] = "seance/backend"
    settings = SeanceSettings.model_validate_json(json.dumps({"project": PROJECT, **given}))

    assert (settings.backend.image, settings.backend.repo) == (None, "seance/backend")
    assert settings.landing.image == "fractalhuman1/seance-landing:a1b2c3d"
