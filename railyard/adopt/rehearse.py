"""``railyard adopt --rehearse``: the whole adoption in a throw-away sandbox that holds what was read of the account.

Owns that place: a copy of the project's settings and a sandbox of its own, in a folder that is gone afterwards. No
secret reaches it, and no credential: in their place are those values that the sandbox has for the system's secrets,
and placeholders of the same shape for all others. A value gets the same substitute wherever it stands, inside of other
values too, so that an address goes on holding the password of its database.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import string
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import sops
from railyard.accounts.railway_client import account
from railyard.accounts.spaces_client import spaces_client, spaces_errors
from railyard.adopt import adoption, configuration, secrets_of
from railyard.adopt import live as live_reader
from railyard.adopt.adoption import Adoption
from railyard.adopt.live import LiveProject
from railyard.adopt.system_settings import hides
from railyard.engine import engine_choice, sandbox_door
from railyard.migrate.findings import Settings
from railyard.review.throwaway_sandbox import clean_environment
from railyard.shared.console import OperationError
from railyard.shared.project import PROJECT_VARIABLE, SANDBOX_VARIABLE, project_directory
from stacks.project_folder import PROJECT_FILE
from stacks.secret_rules import Secret, as_text
from stacks.secrets import read_file
from stacks.shared_settings import DEFAULTS_FILE, file_name

COPIED: Final = (PROJECT_FILE, "__main__.py", DEFAULTS_FILE, "secrets")
"""Files that an adoption may write, and those beside them."""
_READ: Final = ("GET ", "HEAD ", "query ")


def rehearse(
    proposed: Adoption, declared: list[Secret], names: Mapping[str, str], config: Settings, environment: str
) -> tuple[Adoption, int]:
    """Carry out an adoption of which nothing is written yet, elsewhere; return it, and how many requests wrote."""
    world = _world(proposed, declared)
    buckets = _buckets(proposed.live)
    plan = configuration.plan_of(config)
    with _elsewhere(proposed.stack) as clouds:
        sandbox_door.fill(clouds, world, plan.value)
        with account(plan, sandbox=True) as railway:
            for bucket in buckets:
                _make(bucket)
            before = len(_writes(clouds))
            live = adoption.read(railway, proposed.project, proposed.stack, environment, config, proposed.system)
            rehearsed = adoption.begin(proposed.stack, live, proposed.system, names, config, own=proposed.target.own)
            rehearsed.target = proposed.target
            adoption.finish(rehearsed, railway, None, None)
        return rehearsed, len(_writes(clouds)) - before


def _world(proposed: Adoption, declared: list[Secret]) -> dict[str, Any]:
    live = proposed.live
    secrets = secrets_of.look(declared, live, adoption.places(proposed))
    sandbox_values = _of_the_sandbox(proposed.system, declared)
    substitutes = {value: sandbox_values[name] for name, value in secrets.values.items()}
    world = {
        "railway": live.snapshot.data,
        "zones": dict(live.zones),
        "records": [{**each.whole, "zone_id": each.zone_id} for each in live.records],
        "zone_settings": {id_: live_reader.zone_settings(id_) for id_ in live.zones.values()},
        "rulesets": {id_: dict(each) for id_, each in live.rulesets.items()},
        "buckets": [asdict(each) for each in live.buckets],
        "endpoints": [dict(each) for each in live.cdn_endpoints],
        "keys": _keys(live),
    }
    return cast("dict[str, Any]", without_secrets(world, live, substitutes))


def _keys(live: LiveProject) -> list[dict[str, Any]]:
    every = [live.variables(key) for key in live.services().values()]
    used = {str(each["SPACES_ACCESS_KEY_ID"]): each for each in every if each.get("SPACES_ACCESS_KEY_ID")}
    return [
        {
            "access_key": key,
            "name": f"{each.get('SPACES_BUCKET')}-1",
            "grants": [{"bucket": each.get("SPACES_BUCKET"), "permission": "readwrite"}],
        }
        for key, each in used.items()
    ]


def _of_the_sandbox(system: str, declared: list[Secret]) -> dict[str, str]:
    """Return the values that a sandbox has for the secrets of a system, as the program there reads them."""
    root = project_directory()
    environment = {"SOPS_AGE_KEY_FILE": str(root / "secrets" / "sandbox.agekey"), "PATH": os.environ.get("PATH", "")}
    try:
        document = read_file(root / "secrets" / "sandbox.yaml", environment, empty=True)
        held = cast("Mapping[str, Mapping[str, Any]]", document.decrypt()).get(system, {})
    except sops.SopsError as error:
        raise OperationError(str(error)) from None
    return {
        each.name: as_text(held[each.name]) if held.get(each.name) else each.standin(f"{system}.{each.name}")
        for each in declared
    }


def _buckets(live: LiveProject) -> list[dict[str, Any]]:
    """Return the buckets of the environment, with what can be read of each with the key that is there."""
    buckets: dict[str, dict[str, Any]] = {}
    for key in live.services().values():
        variables = live.variables(key)
        name, region = variables.get("SPACES_BUCKET"), variables.get("SPACES_REGION")
        if name and region and name not in buckets:
            buckets[name] = {"name": name, "region": region}
            with suppress(OperationError):  # without a key the bucket is as a new one
                buckets[name] |= _read(spaces_client(region), name)
    return list(buckets.values())


def _read(client: Any, name: str) -> dict[str, Any]:
    """Return what a bucket is set to; what the key may not read, or is not set, is left out."""
    answers = {
        "cors": lambda: client.get_bucket_cors(Bucket=name)["CORSRules"],
        "versioning": lambda: client.get_bucket_versioning(Bucket=name)["Status"],
        "lifecycle": lambda: client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
    }
    settings: dict[str, Any] = {}
    for key, ask in answers.items():
        with suppress(KeyError, *spaces_errors()):
            settings[key] = ask()
    return settings


def _make(bucket: Mapping[str, Any]) -> None:
    client, name = spaces_client(bucket["region"]), bucket["name"]
    client.create_bucket(Bucket=name)
    if "cors" in bucket:
        client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": bucket["cors"]})
    if "versioning" in bucket:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": bucket["versioning"]})
    if "lifecycle" in bucket:
        client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": bucket["lifecycle"]})


@contextmanager
def _elsewhere(stack: str) -> Generator[Path]:
    """Work on a copy of the project with a sandbox of its own, whose folder is given, for as long as the block runs."""
    root = project_directory()
    with tempfile.TemporaryDirectory(prefix="railyard-rehearsal-") as folder:
        copy = Path(folder) / "project"
        copy.mkdir()
        written = {*COPIED, file_name(stack)}
        for path in root.iterdir():
            if path.name in written:
                (shutil.copytree if path.is_dir() else shutil.copy)(path, copy / path.name)
            elif not path.name.startswith(".") or path.name == ".venv":
                (copy / path.name).symlink_to(path)
        before = dict(os.environ)
        engine = {name: before[name] for name in (engine_choice.VARIABLE, "PULUMI_HOME") if name in before}
        python = {"PYTHONPATH": before["PYTHONPATH"]} if "PYTHONPATH" in before else {}
        sandbox_variables = {SANDBOX_VARIABLE: f"{folder}/clouds", PROJECT_VARIABLE: str(copy)}
        variables = clean_environment() | engine | python | sandbox_variables
        os.environ.clear()
        os.environ.update(variables)
        try:
            yield Path(folder) / "clouds"
        finally:
            os.environ.clear()
            os.environ.update(before)


def _writes(clouds: Path) -> list[str]:
    """Return the requests so far that wrote anything in the sandbox."""
    return [each for each in sandbox_door.requests(clouds) if not each.startswith(_READ)]


SHORTEST: Final = 6
"""Characters from which on a secret is looked for inside of other texts."""
_PASSWORD: Final = re.compile(r"(?<=://)([^\s/:@?#]*):(?P<password>[^\s/@$]+)(?=@)")


def without_secrets(document: Any, live: LiveProject, known: Mapping[str, str]) -> Any:
    """Return a JSON document without the secrets of an environment; ``known``: secret's value → its substitute.

    Every other value that may be one, by its name or its form, becomes a random one of the same shape.
    """
    substitutes = dict(known)
    for name, value in _variables(live):
        if hides(name, value) and value not in substitutes:
            match = _PASSWORD.search(value)
            secret = match["password"] if match else value
            substitutes.setdefault(secret, shaped(secret))
    longest_first = sorted(substitutes, key=len, reverse=True)
    pairs = [(form, substitutes[one]) for one in longest_first for form in dict.fromkeys((one, quote(one, safe="")))]
    return _replaced(document, pairs)


def shaped(value: str) -> str:
    """Return a random string with the same kinds of letters and digits in the same places; other characters stay."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    return "".join(next((secrets.choice(kind) for kind in kinds if each in kind), each) for each in value)


def _variables(live: LiveProject) -> Iterator[tuple[str, str]]:
    shared: Any = live.snapshot.config.get("sharedVariables") or {}
    groups = [shared, *(live.config(key).get("variables") or {} for key in live.snapshot.services)]
    for group in cast("list[dict[str, dict[str, Any] | None]]", groups):
        for name, each in group.items():
            value = (each or {}).get("value")
            if isinstance(value, str) and value:
                yield name, value


def _replaced(part: Any, pairs: list[tuple[str, str]]) -> Any:
    if isinstance(part, dict):
        return {key: _replaced(value, pairs) for key, value in cast("dict[str, Any]", part).items()}
    if isinstance(part, list):
        return [_replaced(each, pairs) for each in cast("list[Any]", part)]
    if not isinstance(part, str):
        return part
    for value, substitute in pairs:
        if part == value:
            return substitute
        if len(value) >= SHORTEST:
            part = part.replace(value, substitute)
    return part
