"""What ``railyard init`` proposes for an application follows from its files, and is settings that are accepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from railyard.init import application, compose, write
from railyard.init.proposal import Proposal
from stacks.settings import parse

NEXT = json.dumps({"dependencies": {"next": "15", "pg": "8"}})
FASTAPI = '[project]\nname = "api"\ndependencies = ["fastapi[standard]>=0.115", "Redis"]\n'
GHOST = """
services:
  ghost:
    image: ghost:5-alpine
    ports: ["8080:2368"]
    environment:
      database__connection__host: db
      database__connection__user: root
      database__connection__password: example
      database__connection__database: ghost
      url: http://localhost:8080
      mail__transport: Direct
    volumes: ["content:/var/lib/ghost/content"]
    depends_on: [db]
  db:
    image: mysql:8.4
    environment: {MYSQL_ROOT_PASSWORD: example}
    volumes: ["db:/var/lib/mysql"]
"""
ADDRESSES = """
services:
  app:
    build: .
    environment:
      DATABASE_URL: postgresql+asyncpg://app:secret@store:5432/app
      OTHER_URL: postgres://app:secret@store/app
      REDIS_URL: redis://cache:6379/0
      CACHE: cache:6379
      API_TOKEN: abc
  store: {image: "postgres:15-alpine"}
  cache: {image: "redis:7"}
"""


def folder(place: Path, **files: str) -> Path:
    """A folder with these files; ``__`` in a name is a slash, and ``_`` a dot."""
    for name, text in files.items():
        file = place / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return place


def accepted(proposal: Proposal, *stacks: str, commit: str | None = None) -> dict[str, Any]:
    """The settings that are written, once the rules of settings have accepted each stack; file → document."""
    for settings in proposal.services.values():
        settings.setdefault("repo" if "image" not in settings else "image", "example/shop")
    choices = write.Choices(name="shop", stacks=stacks or ("production",), plan="hobby", commit=commit)
    files = write.project_files(choices, proposal, "requirements.txt")
    shared = files.get("defaults.yaml", "")
    for stack in choices.stacks:
        file = f"Pulumi.{stack}.yaml"
        parse(yaml.safe_load(files[file])["config"], (), file=file, text=files[file], defaults=shared)
    return {name: yaml.safe_load(text) for name, text in files.items() if name.endswith(".yaml")}


def test_a_monorepo_is_a_service_for_each_program_and_a_database_for_each_driver(tmp_path):
    """What its package managers say: frameworks have ports, drivers databases, and names of folders a topology."""
    place = folder(
        tmp_path, package_json='{"workspaces": ["apps/*"]}', apps__web__package_json=NEXT,
        apps__api__pyproject_toml=FASTAPI, cron__requirements_txt="psycopg==3\n", vendor__x__package_json="{}",
    )  # fmt: skip
    (place / "apps" / "api" / ".env.example").write_text("REDIS_URL=redis://x\nSESSION_KEY=change-me\nLOG_LEVEL=info\n")

    proposal = application.read(place, topology=None, name="web")

    assert proposal.services == {
        "api": {
            "topology": "backend", "rootDirectory": "/apps/api", "port": 8000, "railwayDomain": True,
            "variables": {"REDIS_URL": "${redis.url}"}, "secrets": ["SESSION_KEY"],
        },
        "web": {
            "topology": "backend", "rootDirectory": "/apps/web", "port": 3000, "railwayDomain": True,
            "variables": {"DATABASE_URL": "${postgres.url}"},
        },
        "cron": {
            "topology": "cronJob", "cronSchedule": "0 3 * * *", "rootDirectory": "/cron",
            "variables": {"DATABASE_URL": "${postgres.url}"},
        },
    }  # fmt: skip
    assert proposal.databases == {"redis": {}, "postgres": {}}
    accepted(proposal, "staging", "production")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"mix_exs": 'defp deps, do: [{:phoenix, "~> 1.7"}, {:postgrex, ">= 0.0.0"}]'},
            ("backend", 4000, ["postgres"]),
        ),
        ({"package_json": '{"scripts": {"start": "x"}, "dependencies": {"discord.js": "14"}}'}, ("bot", None, [])),
        ({"requirements_txt": "python-telegram-bot==21\n"}, ("bot", None, [])),
        ({"Dockerfile": "FROM scratch\n"}, (None, None, [])),
        ({"pyproject_toml": "not toml"}, (None, None, [])),
    ],
)
def test_a_single_program_is_known_by_its_packages(tmp_path, files, expected):
    """A framework, a library of bots, or nothing: then it is a service without a rule."""
    proposal = application.read(folder(tmp_path, **files), topology=None, name="web")

    (settings,) = proposal.services.values()
    assert (settings.get("topology"), settings.get("port"), list(proposal.databases)) == expected
    accepted(proposal)


def test_what_init_has_written_itself_is_no_application(tmp_path):
    """Called again, it finds what it found before."""
    place = folder(tmp_path, requirements_txt="# Railyard 0.1.0 and all that it needs\npulumi==3\n")

    assert application.read(place, topology=None, name="web").services == {}


@pytest.mark.parametrize(
    ("files", "services"),
    [
        (
            {"requirements_txt": "django\n", "frontend__package_json": '{"devDependencies": {"vite": "5"}}'},
            {"web": (None, 8000), "frontend": ("/frontend", 4173)},
        ),
        ({"mix_exs": '{:phoenix, "~> 1.7"}', "assets__package_json": "{}"}, {"web": (None, 4000)}),
        ({"Gemfile": "gem 'rails'", "worker__Dockerfile": ""}, {"web": (None, 3000), "worker": ("/worker", None)}),
        (
            {"client__app__package_json": NEXT, "server__app__package_json": "{}"},
            {"app": ("/client/app", 3000), "server-app": ("/server/app", None)},
        ),
        (
            {"redis__Dockerfile": "", "api__requirements_txt": "redis==5\n"},
            {"api": ("/api", None), "redis-2": ("/redis", None)},
        ),
        ({"package_json": '{"dependencies": [{"a": 1}]}'}, {"web": (None, None)}),
        ({"pyproject_toml": 'project = "x"\ntool = []\n'}, {"web": (None, None)}),
        ({"pyproject_toml": '[tool.poetry.dependencies]\nDjango = "5"\n'}, {"web": (None, 8000)}),
        ({"requirements_txt": "fastapi@git+https://github.com/a/b\n"}, {"web": (None, 8000)}),
    ],
)
def test_each_program_is_a_service_with_a_name_of_its_own(tmp_path, files, services):
    """One at the root and those in folders, whatever the form of their files and the spelling of their packages."""
    proposal = application.read(folder(tmp_path, **files), topology=None, name="web")

    found = {name: (each.get("rootDirectory"), each.get("port")) for name, each in proposal.services.items()}
    assert found == services
    accepted(proposal)


def test_names_that_no_secret_can_have_are_left_out(tmp_path):
    """An .env.example may hold names that Railway does not take as variables."""
    place = folder(tmp_path, package_json=NEXT)
    (place / ".env.example").write_text("A-SECRET=1\nB_SECRET=1\n")

    proposal = application.read(place, topology=None, name="web")

    assert proposal.services["web"]["secrets"] == ["B_SECRET"]
    accepted(proposal)


def test_a_database_is_known_by_the_name_that_compose_gives_it(tmp_path):
    """In capitals and with underscores too; the name of its kind is a host only where a variable asks for one."""
    text = """
    services:
      app:
        build: .
        environment:
          {DATABASE_URL: "mysql://u:p@My_DB/x", DB_HOST: mysql, DB_CLIENT: mysql, MAIN_HOST: "My_DB:3306"}
      My_DB: {image: "mysql:8.4"}
      mysql: {image: "mysql:8.4"}
      odd: {image: a, environment: 3}
    """

    proposal = compose.read(folder(tmp_path, compose_yaml=text), name="web")

    assert proposal.services["app"]["variables"] == {
        "DATABASE_URL": "${my-db.url}",
        "DB_HOST": "${mysql.host}",
        "DB_CLIENT": "mysql",
        "MAIN_HOST": "${my-db.host}:${my-db.port}",
    }
    assert "odd.environment" in str(proposal.notes)
    accepted(proposal)


def test_what_is_said_of_one_environment_is_named(tmp_path):
    """The settings that all stacks share do not have it."""
    text = "[environments.staging.deploy]\nstartCommand = 'x'\n"

    proposal = compose.read(folder(tmp_path, railway_toml=text), name="web")

    (note,) = proposal.notes
    assert note.startswith("railway.toml: environments.staging.deploy.startCommand is left out")
    assert proposal.services == {"web": {}}


def test_a_database_of_a_compose_file_becomes_one_of_railyards(tmp_path):
    """What named it, its user and its password in the variables of others names that; no credential is carried on."""
    proposal = compose.read(folder(tmp_path, compose_yaml=GHOST), name="web")

    assert proposal.databases == {"db": {"kind": "mysql", "version": "8.4"}}
    assert proposal.services["ghost"]["variables"] == {
        "database__connection__host": "${db.host}",
        "database__connection__user": "${db.user}",
        "database__connection__password": "${db.password}",
        "database__connection__database": "${db.database}",
        "url": "${self.url}",
        "mail__transport": "Direct",
    }
    assert proposal.services["ghost"]["volume"] == {"mountPath": "/var/lib/ghost/content"}
    assert proposal.notes == []
    assert "example" not in str(accepted(proposal)["Pulumi.production.yaml"])


def test_an_address_keeps_its_scheme_and_a_secret_its_name(tmp_path):
    """A driver's own scheme stands before the database's address; a version that is not offered is told."""
    proposal = compose.read(folder(tmp_path, compose_yaml=ADDRESSES), name="web")

    assert proposal.services["app"]["variables"] == {
        "DATABASE_URL": "postgresql+asyncpg://${store.urlWithoutScheme}",
        "OTHER_URL": "${store.url}",
        "REDIS_URL": "${cache.url}",
        "CACHE": "${cache.host}:${cache.port}",
    }
    assert proposal.services["app"]["secrets"] == ["API_TOKEN"]
    assert proposal.notes == ["store: postgres 15 is none of 16, 17, 18: its data need a dump and restore"]
    accepted(proposal)


def test_versions_stand_in_each_stack_and_what_they_share_once(tmp_path):
    """So that a promotion changes one stack; what is built runs a commit there, or follows its branch without one."""
    proposal = application.read(folder(tmp_path, package_json=NEXT), topology=None, name="web")

    known = accepted(proposal, "staging", "production", commit="a1b2c3d")
    unknown = accepted(proposal, "staging", "production")

    assert known["Pulumi.staging.yaml"]["config"]["railyard:shop"] == {}
    assert known["Pulumi.production.yaml"]["config"] == {
        "railway:plan": "hobby", "railyard:promotesFrom": "staging",
        "railyard:shop": {"services": {"web": {"commitSha": "a1b2c3d"}}},
    }  # fmt: skip
    assert unknown["Pulumi.production.yaml"]["config"]["railyard:shop"] == {"followsBranch": True}
    assert known["defaults.yaml"]["config"]["railyard:shop"]["services"]["web"]["port"] == 3000
