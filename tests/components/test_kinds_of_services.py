"""Kinds of services that people expect: what each refuses, and what reaches Railway."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.cron_job import CronJobSettings
from components.from_settings import args_class, inputs_of
from components.project import Project, ProjectArgs
from components.service import Service
from components.service_kind import ServiceSettings, kind_of
from components.static_site import StaticSiteSettings
from components.worker import WorkerSettings

INSTANCE = "railway:index:ServiceInstance"
SITE = {"repo": "shop/site", "railwayDomain": True}
NIGHTLY = {"image": "shop/report:1", "cronSchedule": "0 3 * * *"}


def made(deploy: Any, args: ServiceSettings) -> Any:
    """What a program registers that makes one service."""

    def program() -> None:
        project = Project("shop", ProjectArgs(name="shop-test", environment="test"))
        Service("shop-part", args_class(args)(**inputs_of(args), kind=kind_of(args), project=project, name="part"))

    return deploy(program)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        (WorkerSettings, {"railwayDomain": True, "port": 80}, "without a public address: remove railwayDomain, or"),
        (WorkerSettings, {"domains": [{"hostname": "w.example.com"}], "port": 80, "tcpPort": 1}, "domains and tcpPort"),
        (WorkerSettings, {"cronSchedule": "0 3 * * *"}, "make it a cron job"),
        (WorkerSettings, {"sleepApplication": True}, "nobody sends one: remove sleepApplication"),
        (CronJobSettings, {}, "add cronSchedule"),
        (CronJobSettings, {"cronSchedule": "* * * * *"}, "leave at least 5 minutes between two runs"),
        (CronJobSettings, {**NIGHTLY, "port": 80, "healthcheckPath": "/"}, "remove port and healthcheckPath"),
        (CronJobSettings, {**NIGHTLY, "replicas": 2}, "cronSchedule allows exactly 1 replica, not 2"),
        (CronJobSettings, {**NIGHTLY, "restartPolicyType": "ALWAYS"}, "must be NEVER or left out with a cronSchedule"),
        (StaticSiteSettings, SITE | {"railwayDomain": False}, "a static site only with a public address"),
        (StaticSiteSettings, SITE | {"volume": {"mountPath": "/data"}}, "does nothing else: remove volume"),
        (
            StaticSiteSettings,
            SITE | {"folder": "public", "buildOutput": "dist"},
            "either folder, for files as they are",
        ),
        (StaticSiteSettings, {"railwayDomain": True, "folder": "public"}, "an image without folder"),
        (
            StaticSiteSettings,
            SITE | {"folder": "public", "builder": "NIXPACKS"},
            "folder only with the builder RAILPACK",
        ),
        (StaticSiteSettings, SITE | {"buildOutput": "dist", "startCommand": "x"}, "buildOutput without startCommand"),
        (StaticSiteSettings, SITE | {"folder": "../other"}, "folder"),
        (
            StaticSiteSettings,
            SITE | {"folder": "public", "variables": {"RAILPACK_STATIC_FILE_ROOT": "dist"}},
            "variables without RAILPACK_STATIC_FILE_ROOT",
        ),
    ],
)
def test_what_cannot_be_of_its_kind_is_refused(
    kind: type[ServiceSettings], settings: dict[str, Any], said: str
) -> None:
    """With what to do about it."""
    with pytest.raises(ValidationError) as refused:
        kind.model_validate({**({} if "repo" in settings else {"image": "shop/part:1"}), **settings})

    assert said in str(refused.value)


def test_a_worker_runs_for_good_and_has_no_address(deploy: Any) -> None:
    """A port of its own is for a health check, and opens nothing to the internet."""
    args = WorkerSettings(image="shop/worker:1", port=9000, healthcheck_path="/ready", replicas=2)

    seen = made(deploy, args)

    instance = seen[INSTANCE, "shop-part-instance"]
    assert (instance["restartPolicyType"], instance["healthcheckPath"]) == ("ON_FAILURE", "/ready")
    assert not {kind for kind, _ in seen} & {f"railway:index:{each}" for each in ("ServiceDomain", "CustomDomain")}


def test_a_cron_job_starts_once_at_each_time_and_never_again(deploy: Any) -> None:
    """Its schedule reaches Railway with the only restart policy that it allows beside one."""
    seen = made(deploy, CronJobSettings.model_validate(NIGHTLY))

    instance = seen[INSTANCE, "shop-part-instance"]
    assert (instance["cronSchedule"], instance["restartPolicyType"]) == ("0 3 * * *", "NEVER")


@pytest.mark.parametrize(
    ("settings", "variables"),
    [
        (SITE | {"folder": "public"}, {"PORT": "80", "RAILPACK_STATIC_FILE_ROOT": "public"}),
        (SITE | {"buildOutput": "dist"}, {"PORT": "80", "RAILPACK_SPA_OUTPUT_DIR": "dist"}),
        (SITE, {"PORT": "80"}),
        ({"image": "shop/site:1", "port": 8080, "railwayDomain": True}, {"PORT": "8080"}),
    ],
)
def test_a_static_site_tells_railpack_what_it_serves(
    deploy: Any, settings: dict[str, Any], variables: dict[str, str]
) -> None:
    """Files as they are, or what a build writes; an image brings its own server. Railway asks whether it is there."""
    seen = made(deploy, StaticSiteSettings.model_validate(settings))

    instance = seen[INSTANCE, "shop-part-instance"]
    assert (instance["variables"], instance["healthcheckPath"]) == (variables, "/")
