"""Files of other tools become settings: every key is named, the effective configuration is proven the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from railyard.migrate import translation
from tests.killed_writes import killed_everywhere
from tests.lifecycle.conftest import ROOT
from tests.operations_migrate.conftest import Said

WHOLE = """
    [build]
    builder = "nixpacks"
    buildCommand = "npm run build"
    watchPatterns = ["src/**"]
    railpackVersion = "0.7.0"

    [deploy]
    startCommand = "npm start"
    preDeployCommand = ["npm run migrate", "npm run seed"]
    healthcheckPath = "/health"
    healthcheckTimeout = "100"
    restartPolicyType = "on_failure"
    restartPolicyMaxRetries = 3
    overlapSeconds = 20
    sleepApplication = true
    limitOverride = { containers = { cpu = 2, memoryBytes = 512000000 } }
    multiRegionConfig = { europe-west4-drams3a = { numReplicas = 3 } }
"""


def test_every_key_that_railway_reads_becomes_a_setting(migrated: Callable[..., Said]) -> None:
    """With the settings' own names, and values as Railway took them: builders in small letters, numbers in quotes."""
    said = migrated({"railway.toml": WHOLE})

    assert said.code == 0
    assert said.json["proven"]
    assert {each["kind"] for each in said.json["findings"]} == {"translated"}
    assert said.settings() == {
        "repo": "acme/shop",
        "builder": "NIXPACKS",
        "buildCommand": "npm run build",
        "watchPatterns": ["src/**"],
        "startCommand": "npm start",
        "preDeployCommand": "npm run migrate && npm run seed",
        "healthcheckPath": "/health",
        "healthcheckTimeout": 100,
        "restartPolicyMaxRetries": 3,
        "overlapSeconds": 20,
        "sleepApplication": True,
        "region": "europe-west4-drams3a",
        "replicas": 3,
        "vcpus": 2,
        "memoryMb": 512,
        "variables": {"RAILPACK_VERSION": "0.7.0"},
    }


def test_toml_and_json_say_the_same(migrated: Callable[..., Said]) -> None:
    """One form of the file is as good as the other."""
    document = {"build": {"dockerfilePath": "Dockerfile.web"}, "deploy": {"cronSchedule": "*/10 * * * *"}}
    said = migrated({"railway.json": json.dumps({"$schema": "https://railway.com/railway.schema.json", **document})})

    assert said.settings() == {
        "repo": "acme/shop",
        "dockerfilePath": "Dockerfile.web",
        "cronSchedule": "*/10 * * * *",
    }
    assert said.json["proven"]


@pytest.mark.parametrize(
    ("line", "key", "hint"),
    [
        ("[variables]\nNODE_ENV = 'x'", "variables", "no variable ever came from this file"),
        ("[[services]]\nname = 'x'", "services", "Railway reads no table of this name"),
        ("[build]\nwatchPaths = []", "build.watchPaths", "perhaps meant as build.watchPatterns"),
        ("[build]\nstartCommand = 'x'", "build.startCommand", "Railway reads it as deploy.startCommand alone"),
        ("[build]\nrootDirectory = '/'", "build.rootDirectory", "it is a setting of the service, rootDirectory"),
        ("[deploy]\ndeploymentOverlapSeconds = 3", "deploy.deploymentOverlapSeconds", "deploy.overlapSeconds"),
        ("[environments.staging.variables]\nA = '1'", "environments.staging.variables", "no variable ever came"),
    ],
)
def test_what_railway_never_read_is_named_and_changes_nothing(
    migrated: Callable[..., Said], line: str, key: str, hint: str
) -> None:
    """With what it was perhaps meant to be: it is left out, since translating it would change what runs."""
    said = migrated({"railway.toml": line})

    kind, text = said.becomes(key)
    assert (kind, hint in text) == ("never read", True), text
    assert said.json["proven"]


@pytest.mark.parametrize(
    ("lines", "key", "reason"),
    [
        (
            "[deploy.multiRegionConfig]\nus-west2 = {numReplicas = 1}\nmoon = {numReplicas = 2}",
            "deploy.multiRegionConfig",
            "moon is none of us-west2, us-east4-eqdc4a",
        ),
        (
            "[build.nixpacksPlan.phases.install]\ncmds = ['x']",
            "build.nixpacksPlan",
            "write the plan into nixpacks.toml",
        ),
        ("[deploy]\nhealthcheckPath = 'health'", "deploy.healthcheckPath", "a path that starts with one /"),
        ("[build]\nbuildEnvironment = 'V2'", "build.buildEnvironment", "no setting says this"),
        (
            "[deploy]\nstartCommand = 'a'\n[build]\nbuildCommand = 'a'",
            "build.buildCommand",
            "differ from startCommand",
        ),
    ],
)
def test_what_no_setting_says_is_named_and_breaks_the_proof(
    migrated: Callable[..., Said], lines: str, key: str, reason: str
) -> None:
    """A migration that loses something says so, with both effects, and ends with exit code 1."""
    said = migrated({"railway.toml": lines})

    kind, text = said.becomes(key)
    assert (kind, reason in text) == ("not expressible", True), text
    assert said.code == 1
    assert not said.json["proven"]
    assert said.json["differences"]


def test_a_service_in_several_regions_stays_there(migrated: Callable[..., Said]) -> None:
    """Each with its number of instances, and the same effect is proven."""
    regions = ["us-west2 = {numReplicas = 1}", "us-east4-eqdc4a = {numReplicas = 2}"]
    said = migrated({"railway.toml": "\n".join(["[deploy.multiRegionConfig]", *regions])})

    assert said.becomes("deploy.multiRegionConfig")[1] == "regions: {us-west2: 1, us-east4-eqdc4a: 2}"
    assert said.json["proven"]


def test_the_proof_is_no_repetition_of_the_translation(
    migrated: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks the provider what it would write: a translation that forgets a setting is found out."""
    forgetful = [setting for setting in translation.SETTINGS if setting.name != "healthcheck_path"]
    monkeypatch.setattr(translation, "SETTINGS", forgetful)

    said = migrated({"railway.toml": WHOLE})

    assert said.code == 1
    assert said.json["differences"] == [
        {"environment": "production", "service": "web", "key": "healthcheckPath", "before": "/health", "after": None}
    ]


def test_a_block_of_an_environment_wins_over_the_base(migrated: Callable[..., Said]) -> None:
    """Key by key; an environment without a block has the base; that of pull requests belongs to no stack."""
    said = migrated(
        {
            "railway.toml": """
            [deploy]
            startCommand = "npm start"
            healthcheckPath = "/health"
            [environments.staging.deploy]
            startCommand = "npm run staging"
            [environments.pr.deploy]
            startCommand = "npm run pr"
            """
        }
    )

    both = {"repo": "acme/shop", "healthcheckPath": "/health"}
    assert said.settings("production") == {**both, "startCommand": "npm start"}
    assert said.settings("staging") == {**both, "startCommand": "npm run staging"}
    assert list(said.json["settings"]) == ["production", "staging"]
    assert said.becomes("environments.pr")[0] == "not expressible"


def test_files_below_a_root_directory_are_services_of_their_own(migrated: Callable[..., Said]) -> None:
    """Named after their folder, or after the name in the file's: each with the folder as its root directory."""
    start = '[deploy]\nstartCommand = "{}"\n'
    said = migrated(
        {
            "railway.toml": start.format("root"),
            "railway.worker.toml": start.format("work"),
            "apps/api/railway.toml": start.format("api"),
            "node_modules/x/railway.toml": start.format("not ours"),
        }
    )

    services = said.json["settings"]["production"]
    assert {name: each["startCommand"] for name, each in services.items() if name != "project"} == {
        "web": "root", "worker": "work", "api": "api",
    }  # fmt: skip
    assert services["api"]["rootDirectory"] == "/apps/api"
    assert services["project"] == {"name": "shop-production", "environment": "production"}


def test_nixpacks_toml_stays_in_force(migrated: Callable[..., Said]) -> None:
    """Nixpacks reads it, not Railway: the settings only see to it that Nixpacks builds."""
    said = migrated({"nixpacks.toml": '[start]\ncmd = "node x"\n[phases.setup]\nnixPkgs = ["ffmpeg"]\n'})

    assert said.becomes("start.cmd")[0] == "stays"
    assert said.becomes("phases.setup.nixPkgs")[0] == "stays"
    assert said.settings() == {"repo": "acme/shop", "builder": "NIXPACKS"}

    built = migrated({"Dockerfile": "FROM scratch\n", "railway.toml": "[deploy]\nsleepApplication = true\n"})
    assert built.becomes("start.cmd") == ("never read", "the service is built by DOCKERFILE, which does not read it")


def test_a_procfile_starts_the_service_and_others(migrated: Callable[..., Said]) -> None:
    """``web`` is the service; each other process runs only if it is a service; ``release`` is no step of Railpack."""
    said = migrated({"Procfile": "web: gunicorn app\nworker: celery -A app\nrelease: ./migrate\n"})

    assert said.settings()["startCommand"] == "gunicorn app"
    assert said.settings(service="worker")["startCommand"] == "celery -A app"
    kind, text = said.becomes("release")
    assert kind == "never read"
    assert "preDeployCommand" in text


def test_values_of_an_env_file_are_shown_nowhere(migrated: Callable[..., Said], railyard: Callable[..., Said]) -> None:
    """Names are; a template's, and those of a developer's machine, are no values of a service."""
    files = {
        "Procfile": "web: x\n",
        ".env": "export STRIPE_KEY='sk_live_do_not_show'\nMULTI=\"do_not\nshow\" # why\n",
        ".env.example": "OTHER=made_up\n",
        ".env.local": "HOME_ONLY=do_not_show\n",
    }
    said = migrated(files)

    assert said.json["secrets"] == ["MULTI", "STRIPE_KEY"]
    assert "do_not" not in said.text + said.errors
    assert said.becomes("OTHER")[0] == said.becomes("HOME_ONLY")[0] == "never read"


def test_a_compose_file_becomes_services(migrated: Callable[..., Said]) -> None:
    """Image or build, command, port, health check, volume, restarts, limits; secrets by name alone."""
    said = migrated(
        {
            "compose.yaml": """
            services:
              api:
                build: {context: ./api, dockerfile: Dockerfile.prod, target: run}
                command: ["uvicorn", "main:app", "--log-level", "info debug"]
                environment: {LOG_LEVEL: "${LOG_LEVEL:-info}", DB_PASSWORD: do_not_show, TOKEN_URL: "${TOKEN_URL}"}
                ports: ["8000:8000"]
                healthcheck:
                  {test: "curl -f http://localhost:8000/healthz", interval: 10s, retries: 5, start_period: 20s}
                restart: unless-stopped
                depends_on: [db]
                deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 512M}}}
              db:
                image: postgres:16
                container_name: db
                ports: ["5432:5432"]
                volumes: ["data:/var/lib/postgresql/data", "./init:/docker-entrypoint-initdb.d"]
                healthcheck: {test: ["CMD", "pg_isready"]}
            volumes: {data: {}}
            """
        }
    )

    assert said.settings(service="api") == {
        "repo": "acme/shop",
        "rootDirectory": "/api",
        "dockerfilePath": "Dockerfile.prod",
        "startCommand": "uvicorn main:app --log-level 'info debug'",
        "healthcheckPath": "/healthz",
        "healthcheckTimeout": 70,
        "restartPolicyType": "ALWAYS",
        "replicas": 2,
        "vcpus": 0.5,
        "memoryMb": 537,
        "variables": {"LOG_LEVEL": "info"},
        "port": 8000,
        "railwayDomain": True,
    }
    assert said.settings(service="db") == {
        "image": "postgres:16", "volume": {"mountPath": "/var/lib/postgresql/data"},
    }  # fmt: skip
    assert said.json["secrets"] == ["DB_PASSWORD", "TOKEN_URL"]
    assert "do_not_show" not in said.text
    assert said.becomes("services.api.build.target")[0] == "not expressible"
    assert said.becomes("services.db.volumes[1]")[0] == "not expressible"
    assert said.becomes("services.db.container_name")[0] == "never read"
    assert said.code == 0


def test_settings_are_written_into_a_stack_that_runs_the_system(
    railyard: Callable[..., Said], folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what the system does not say by itself; every other character of the file stays."""
    settings = tmp_path / "settings"
    settings.mkdir()
    for name in ("Pulumi.yaml", "defaults.yaml", "Pulumi.production.yaml"):
        shutil.copy(ROOT / name, settings)
    monkeypatch.setenv("RAILYARD_PROJECT", str(settings))
    before = (settings / "Pulumi.production.yaml").read_text()
    files = folder(
        {
            "railway.toml": """
            [build]
            builder = "NIXPACKS"
            [deploy]
            healthcheckPath = "/health"
            healthcheckTimeout = 200
            drainingSeconds = 30
            """
        }
    )
    call = ("migrate", files, "--name", "omega", "--service", "bot", "--repo", "thomasdavis/omega", "--json")

    shown = railyard(*call, "--into", "production", "--dry-run")
    assert (settings / "Pulumi.production.yaml").read_text() == before
    said = railyard(*call, "--into", "production")

    after = (settings / "Pulumi.production.yaml").read_text()
    assert yaml.safe_load(after)["config"]["railyard:omega"]["bot"] == {
        "healthcheckTimeout": 200,
        "drainingSeconds": 30,
    }
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    assert said.json["into"]["difference"] == shown.json["into"]["difference"]
    assert "bot.startCommand" in said.json["into"]["differences"]


def test_a_system_that_is_settings_alone_gets_them_below_its_services(
    railyard: Callable[..., Said], folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where all stacks share it; a text of a variable stays what it is."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    web = 'config: {"railyard:shop": {services: {web: {repo: acme/shop, healthcheckPath: /health}}}}'
    (tmp_path / "defaults.yaml").write_text(web)
    (tmp_path / "Pulumi.production.yaml").write_text("config:\n  railyard:shop: {}\n")
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    files = folder(
        {
            "compose.yaml": """
            services:
              web:
                build: .
                environment: {FORMAT: "$${level.name}"}
                healthcheck: {test: curl -f http://localhost/health}
            """,
            "railway.toml": "[deploy]\nhealthcheckPath = '/health'\ndrainingSeconds = 30\n",
        }
    )

    said = railyard("migrate", files, "--name", "shop", "--repo", "acme/shop", "--json", "--into", "production")

    assert said.code == 0, said.text + said.errors
    written = yaml.safe_load((tmp_path / "Pulumi.production.yaml").read_text())["config"]["railyard:shop"]
    assert written["services"]["web"]["drainingSeconds"] == 30
    assert "healthcheckPath" not in written["services"]["web"]
    assert written["services"]["web"]["variables"] == {"FORMAT": "$${level.name}"}


def test_a_migration_that_is_killed_is_done_by_the_next(
    railyard: Callable[..., Said], folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack's file and the file of settings are the old ones or the new ones at any moment."""
    files = folder({"railway.toml": "[deploy]\nhealthcheckPath = '/health'\ndrainingSeconds = 30\n"})
    numbers = iter(range(100))

    def prepared() -> Path:
        place = tmp_path / f"settings-{next(numbers)}"
        place.mkdir()
        for name in ("Pulumi.yaml", "defaults.yaml", "Pulumi.production.yaml"):
            shutil.copy(ROOT / name, place)
        return place

    def migrate(place: Path) -> None:
        monkeypatch.setenv("RAILYARD_PROJECT", str(place))
        call = ("migrate", files, "--name", "omega", "--service", "bot", "--repo", "thomasdavis/omega", "--json")
        assert railyard(*call, "--into", "production", "--output", place / "out.yaml").code == 0

    def written(place: Path) -> tuple[str, str]:
        out = place / "out.yaml"
        return (place / "Pulumi.production.yaml").read_text(), out.read_text() if out.exists() else ""

    before = written(done := prepared())
    migrate(done)
    after = written(done)
    points = 0
    for _, place in killed_everywhere(prepared, migrate):
        points += 1
        assert all(text in both for text, both in zip(written(place), zip(before, after, strict=True), strict=True))
        migrate(place)
        assert written(place) == after
    assert before[0] != after[0] != ""
    assert points >= 4


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({"README.md": ""}, (), "has no railway.toml, railway.json, nixpacks.toml, Procfile, .env or compose file"),
        ({"railway.toml": "[build"}, (), "railway.toml is not valid TOML"),
        ({"railway.json": "[]"}, (), "railway.json holds no keys, such as build and deploy"),
        ({"compose.yaml": "a: 1"}, (), "compose.yaml has no services"),
        ({"railway.toml": ""}, ("--name", "My App"), "My App is not a valid name of a service or system"),
        ({"Procfile": "web: x"}, ("--into", "production"), "production has no system 'shop'"),
        ({"Procfile": "web: x"}, ("--to-railway",), "--to-railway takes --project"),
    ],
)
def test_what_cannot_be_migrated_is_said_in_one_sentence(
    railyard: Callable[..., Said],
    folder: Callable[..., Path],
    files: dict[str, str],
    options: tuple[str, ...],
    message: str,
) -> None:
    """What is wrong, where, and what to do; never a traceback."""
    said = railyard("migrate", folder(files), "--repo", "acme/shop", *options)

    assert said.code in (1, 2)
    assert message in " ".join(said.errors.split())


def test_the_repository_is_that_of_git(railyard: Callable[..., Said], folder: Callable[..., Path]) -> None:
    """Without one, and without --repo, there is nothing that a service could be built from."""
    here = folder({"Procfile": "web: x\n", ".git/config": '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n'})
    assert railyard("migrate", here, "--json").settings()["repo"] == "acme/shop"

    (here / ".git" / "config").unlink()
    assert "give --repo owner/name" in railyard("migrate", here).errors
