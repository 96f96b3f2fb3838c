"""Small files of the kinds that public repositories hold: each is proven the same, and what is lost is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.operations_migrate.conftest import Said

SCHEMA = '"$schema": "https://railway.com/railway.schema.json"'
KINDS: dict[str, tuple[dict[str, str], dict[str, int]]] = {
    "json-with-a-dockerfile": (
        {"railway.json": f'{{{SCHEMA}, "build": {{"builder": "DOCKERFILE", "dockerfilePath": "api/Dockerfile"}}, '
         '"deploy": {"healthcheckPath": "/up", "restartPolicyType": "ON_FAILURE"}}'},
        {"translated": 4},
    ),
    "json-with-variables": (
        {"railway.json": '{"deploy": {"startCommand": "npm start"}, "variables": {"NODE_ENV": "production"}}'},
        {"translated": 1, "never read": 1},
    ),
    "json-copied-from-the-dashboard": (
        {"railway.json": f'{{{SCHEMA}, "build": {{"buildEnvironment": "V3"}}, "deploy": {{"runtime": "V2", '
         '"limitOverride": {"containers": {"memoryBytes": 3000000000}}, "useLegacyStacker": false, '
         '"multiRegionConfig": {"europe-west4-drams3a": {"numReplicas": 1}}}}'},
        {"translated": 5},
    ),
    "toml-in-small-letters": (
        {"railway.toml": '[build]\nbuilder = "nixpacks"\n[deploy]\nrestartPolicyType = "on_failure"\n'},
        {"translated": 2},
    ),
    "toml-with-blocks": (
        {"railway.toml": '[deploy]\nstartCommand = "a"\n[environments.staging.deploy]\nnumReplicas = 2\n'
         '[environments.production]\nNODE_ENV = "production"\n'},
        {"translated": 2, "never read": 1},
    ),
    "toml-with-a-block-of-pull-requests": (
        {"railway.toml": '[deploy]\npreDeployCommand = "a"\n[environments.pr.deploy]\npreDeployCommand = "b"\n'},
        {"translated": 1, "not expressible": 1},
    ),
    "toml-with-tables-of-other-tools": (
        {"railway.toml": '[deploy]\nstartCommand = "a"\n[service]\ninternalPort = 3001\n[healthcheck]\npath = "/up"\n'
         '[[plugins]]\nplugin = "postgresql"\n[phases.setup]\naptPkgs = ["npm"]\n'},
        {"translated": 1, "never read": 4},
    ),
    "toml-with-a-hyphen": (
        {"railway.toml": '[deploy]\nrestartPolicyType = "on-failure"\n'},
        {"not expressible": 1},
    ),
    "nixpacks": (
        {"nixpacks.toml": '[phases.setup]\nnixPkgs = ["bun"]\n[start]\ncmd = "bun start"\n[variables]\nA = "b"\n'},
        {"stays": 3},
    ),
    "procfile-with-workers": (
        {"Procfile": "release: ./manage.py migrate\nweb: gunicorn app\nworker: celery worker\nbeat: celery beat\n"},
        {"translated": 3, "never read": 1},
    ),
    "procfile-beside-a-start-command": (
        {"railway.json": '{"deploy": {"startCommand": "gunicorn app"}}', "Procfile": "web: gunicorn app\n"},
        {"translated": 1, "never read": 1},
    ),
    "compose-with-a-database": (
        {"compose.yaml": "services:\n  web:\n    build: ./web\n    depends_on: [db]\n  db:\n    image: postgres\n"
         "    container_name: db\n    volumes: [data:/var/lib/postgresql/data]\nvolumes: {data: }\n"},
        {"translated": 4, "never read": 1, "not expressible": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_means_the_same_afterwards(migrated: Callable[..., Said], kind: str) -> None:
    """The effective configuration is proven, and of each key it is said what became of it."""
    files, counted = KINDS[kind]

    said = migrated(files)

    assert (said.code, said.json["proven"]) == (0, True), said.text
    assert Counter(each["kind"] for each in said.json["findings"]) == counted, said.json["findings"]
    assert all(each["text"] for each in said.json["findings"])


def test_an_image_without_a_tag_is_the_latest(migrated: Callable[..., Said]) -> None:
    """As Docker and Railway take it; the settings say so."""
    said = migrated({"compose.yaml": "services:\n  cache:\n    image: redis\n"})

    assert said.settings(service="cache")["image"] == "redis:latest"
