"""A setting of a service is declared once, in the provider; settings, refusals and resources follow from that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from components import generate
from components.service_kind import ServiceSettings
from pulumiverse_railway import rules
from railyard.engine.engine import code_of
from tests.lifecycle.conftest import Checkout

PROVIDER = "packages/pulumiverse-railway/pulumiverse_railway/provider/resources/shared"
HAND_WRITTEN = (
    # (file, before what the line is put, the line)
    (
        f"{PROVIDER}/instance_inputs.py",
        "    vcpus: Annotated[",
        "    warm_up_seconds: Annotated[\n"
        '        int | None, Property("Time to get warm, in seconds.", check=rules.deployment_pause)\n'
        "    ] = None\n",
    ),
    (
        f"{PROVIDER}/instance_settings.py",
        '    Setting(name="start_command",',
        '    Setting(name="warm_up_seconds", path=("deploy", "warmUpSeconds")),\n',
    ),
    (
        "packages/railway-sandbox/railway_sandbox/railway/config/shape.py",
        "    overlap_seconds: Annotated[int",
        "    warm_up_seconds: int | None = None\n",
    ),
)
"""A made-up setting: its declaration, its path in Railway's configuration, the simulator's rule."""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of the project with the made-up setting, in which ``make generate`` was run."""
    copy = Checkout(tmp_path / "railyard", changes=["components", "packages", "stacks", "pyproject.toml"])
    (copy.directory / "docs" / "railway").mkdir(parents=True)
    for name, before, line in HAND_WRITTEN:
        file = copy.directory / name
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1
        file.write_text(text.replace(before, line + before), encoding="utf-8")
    for generator in ("pulumiverse_railway.provider.generate", "components.generate", "stacks.schema"):
        subprocess.run(
            [sys.executable, "-m", generator], cwd=copy.directory, env=code_of(copy.directory), check=True, text=True
        )
    return copy


def test_a_new_setting_needs_its_declaration_its_path_and_the_simulators_rule(checkout: Checkout) -> None:
    """With these three lines it has a key in the schema, is refused by its rule, and reaches Railway."""
    schema = json.loads((checkout.directory / "docs" / "settings.schema.json").read_text(encoding="utf-8"))
    number, _ = schema["$defs"]["RoseWeb"]["properties"]["warmUpSeconds"]["anyOf"]
    assert number == {"type": "integer", "minimum": 0, "maximum": 3_600}

    checkout.change("staging", "      memoryMb: 1024", "      warmUpSeconds: 3601")
    refused = checkout.run("preview", "--system", "rose")
    assert "rose.web.warmUpSeconds = 3601 allowed: between 0 and 3600 seconds" in " ".join(refused.text.split())

    checkout.change("staging", "warmUpSeconds: 3601", "warmUpSeconds: 90")
    checkout.json("up", "--system", "rose")
    assert _sent(checkout) == [90]


def test_a_new_setting_is_read_from_railways_file(checkout: Checkout) -> None:
    """``railyard migrate`` takes key and type from the declaration."""
    file = checkout.directory / "service" / "railway.toml"
    file.parent.mkdir()
    file.write_text('[deploy]\nwarmUpSeconds = 90\n\n[environments.staging.deploy]\nwarmUpSeconds = "soon"\n')

    migrated = subprocess.run(
        [sys.executable, "-m", "railyard", "migrate", file.parent, "--repo", "acme/shop", "--json"],
        cwd=checkout.directory, env=code_of(checkout.directory), check=False, capture_output=True, text=True,
    )  # fmt: skip

    findings = {each["key"]: (each["kind"], each["text"]) for each in json.loads(migrated.stdout)["findings"]}
    assert findings == {
        "deploy.warmUpSeconds": ("translated", "warmUpSeconds: 90"),
        "environments.staging.deploy.warmUpSeconds": ("not expressible", '"soon" is not a whole number'),
    }


def _sent(checkout: Checkout) -> Any:
    """Return what the patches of the ``up`` say of the setting."""
    lines = (checkout.sandbox / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    patches = [(json.loads(line).get("variables") or {}).get("patch") or {} for line in lines]
    services = [service for patch in patches for service in patch.get("services", {}).values()]
    return [service["deploy"]["warmUpSeconds"] for service in services if "deploy" in service]


def test_the_generated_settings_are_current() -> None:
    """``components/service_settings.py`` is what ``make generate`` writes."""
    assert generate.FILE.read_text(encoding="utf-8") == generate.text()


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("cron_schedule", "60 * * * *"),
        ("cron_schedule", "0/2 * * * *"),
        ("cron_schedule", "0 0 31 2 *"),
        ("cron_schedule", "0,58 * * * *"),
        ("cron_schedule", "*/7 * * * *"),
        ("vcpus", 0.05),
        ("memory_mb", 99),
        ("image", "NETIA:1"),
        ("image", "x//y:1"),
        ("repo", "../netia"),
        ("repo", "netia/netia.git"),
        ("branch", "a b"),
        ("root_directory", "../.."),
        ("healthcheck_path", "//evil.example/x"),
    ],
)
def test_settings_and_provider_refuse_by_one_rule(setting: str, wrong: object) -> None:
    """The rule that judges the field of the settings is the very object that the provider's declaration names."""
    declared = generate.ServiceInstanceInputs.__annotations__[setting]
    assert f"check=rules.{_rule_of(setting)}" in " ".join(declared.split())

    with pytest.raises(ValidationError):
        ServiceSettings.model_validate({"image": "app:1"} | {setting: wrong})
    assert getattr(rules, _rule_of(setting))(wrong) is not None


def _rule_of(setting: str) -> str:
    (obeys,) = (
        mark
        for part in get_args(ServiceSettings.model_fields[setting].annotation)
        for mark in getattr(part, "__metadata__", ())
    )
    return next(name for name, rule in vars(rules).items() if rule is obeys.rule)


@pytest.mark.parametrize(
    "schedule",
    [
        "*/5 * * * *",
        "0 3 * * *",
        "0,58 3 * * *",
        "0 0 29 2 *",
        "0 0 31 2 1",
        "*/15 9-17 * jan,feb MON-FRI",
        "0 0 * * 7",
    ],
)
def test_schedules_that_come_round_are_accepted(schedule: str) -> None:
    """Names, ranges, lists and steps, a leap day, and either of two kinds of days."""
    assert rules.cron(schedule) is None


@pytest.mark.parametrize("path", ["Dockerfile", "docker/Dockerfile", "/build/Dockerfile"])
def test_a_dockerfile_may_be_named_from_the_root_of_its_repository(path: str) -> None:
    """Railway documents the form with a first slash, which is no folder of a machine."""
    assert rules.repository_file(path) is None


@pytest.mark.parametrize(
    "image",
    ["valkey/valkey:8", "ghcr.io/a/b:1", "registry.example.com:5000/x:1", "8.8.8.8:443/x:1", "x@sha256:" + "0" * 64],
)
def test_images_of_reachable_registries_are_accepted(image: str) -> None:
    """A host by its name or by an address of the internet, with a port."""
    assert rules.image(image) is None


def test_a_long_value_is_cut_in_a_reason() -> None:
    """What a provider refuses is shown with its beginning alone."""
    assert len(str(rules.commit("z" * 5_000))) < 150
