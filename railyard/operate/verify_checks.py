"""Checks of ``verify``: deployment, public names, bucket and volumes of each system.

Owns what counts as passed, and the next step of each failure. A check returns its findings as results and does not
raise them. A database is private: from outside only Railway can be asked about it, and the result says so. Whether data
on a volume survive a deployment is seen by a file that is left there: it names the deployment that ran when it was
written, so that no clocks are compared.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, cast

from components.bucket import BucketSettings
from components.redirect import RedirectSettings
from railway_api.counting import count
from railway_api.dns import lookup
from railway_api.domain_probe import TIMEOUT_S, Answer, visit
from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services import Disk, RunningDomain, RunningService, RunningSystem
from railyard.accounts.spaces_client import spaces_client, spaces_errors
from railyard.data.volume_backups import ServiceVolume
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack
from stacks.arguments_tree import walk_arguments
from stacks.project_folder import RAILYARD

NAMES: Final = ("railway:CustomDomain", "railway:ServiceDomain", "cloudflare:")
"""Prefixes of the types of resources that a public name depends on."""
BUCKETS: Final = ("digitalocean:", "cloudflare:")
"""The same for a bucket and its CDN."""
_NOTHING: Final[Mapping[str, str]] = {}
RENEWED_BEFORE_DAYS: Final = 14
"""Let's Encrypt's certificates are renewed a month before they end: one this close was not."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of one check."""

    where: str
    """``seance/backend``."""
    check: str
    passed: bool
    found: str
    next: str = ""
    """Next step after a failure."""
    time_s: float = 0.0
    broken_by: tuple[str, ...] | None = None
    """Prefixes of the types of resources whose change can break it; None: any release can, without such a change."""


async def verify(railway: Railway, stack: Stack, systems: Sequence[RunningSystem]) -> list[Result]:
    """Check everything of ``systems`` at the same time; the results in the order of the settings."""
    checks: list[Awaitable[list[Result]]] = []
    for system in systems:
        if system.environment_id is None:
            checks.append(_absent(railway, stack, system))
            continue
        checks += [_of_service(railway, stack, f"{system.name}/{each.name}", each) for each in system.services]
        buckets = [
            part for _, part in walk_arguments(stack.settings.systems[system.name]) if isinstance(part, BucketSettings)
        ]
        checks += [_bucket(f"{system.name}/{bucket.name}", bucket) for bucket in buckets]
        redirects = stack.settings.systems[system.name].redirects
        checks += [_redirect(f"{system.name}/{each.hostname}", each) for each in redirects]
    return [result for results in await asyncio.gather(*checks) for result in results]


async def _absent(railway: Railway, stack: Stack, system: RunningSystem) -> list[Result]:
    problem = f"the token reaches no project {system.project_name}"
    if system.project_id:
        problem = f"the project {system.project_name} does not have the environment of the settings"
    step = f"bring it up: {railway.up(stack)}"
    return [Result(where=system.name, check="deployment", passed=False, found=problem, next=step)]


async def _of_service(railway: Railway, stack: Stack, where: str, service: RunningService) -> list[Result]:
    results = [_deployment(railway, stack, where, service)]
    results += [
        Result(
            where=where,
            check="dns",
            passed=False,
            found=f"{name} stands in the settings, and is no domain of the service",
            next=f"bring it up: {railway.up(stack)}",
            broken_by=NAMES,
        )
        for name in service.missing_domains
    ]
    named = await asyncio.gather(*(_domain(stack, where, service, domain) for domain in service.domains))
    return [*results, *(result for each in named for result in each)]


def _deployment(railway: Railway, stack: Stack, where: str, service: RunningService) -> Result:
    """Return what Railway says of the newest deployment; of a database no more can be known from outside."""
    is_store = service.declared is not None and service.declared.is_store
    check = "database" if is_store else "deployment"
    newest = service.latest
    problem = service.deployment_problem
    if newest and (service.proven or service.rolled_back) and not problem:
        text = f"{newest.status} since {newest.created_at[:16].replace('T', ' ')}"
        if is_store:
            text += "; private: only Railway was asked"
        text += "".join(f"; {note}" for note in service.notes)
        return Result(where=where, check=check, passed=True, found=text)
    failed = Result(where=where, check=check, passed=False, found=problem or "")
    if service.service_id is None:
        return replace(failed, found="Railway has no such service", next=f"bring it up: {railway.up(stack)}")
    if problem is None:
        status = newest.status if newest else "not started"
        return replace(failed, found=f"the newest deployment is {status}", next="wait, and verify again")
    if service.rolled_back:
        system = where.partition("/")[0]
        return replace(
            failed,
            next="it was rolled back or deployed by hand: "
            f"{RAILYARD} deploy {system} -s {stack.name} brings back what the settings say",
        )
    return replace(failed, next=f"{RAILYARD} logs {where} -s {stack.name}")


async def _redirect(where: str, redirect: RedirectSettings) -> list[Result]:
    location = f"https://{redirect.to}/"
    answer = await visit(redirect.hostname)
    result = Result(where=where, check="redirect", passed=False, found="", time_s=answer.time_s, broken_by=NAMES)
    if answer.problem:
        return [replace(result, found=answer.problem, next=_RECORDS)]
    if (answer.status, answer.location) == (redirect.status, location):
        return [replace(result, passed=True, found=f"{answer.status} to {location}")]
    actual = f"{answer.status} to {answer.location}" if answer.location else f"{answer.status}"
    return [replace(result, found=f"{actual}, not {redirect.status} to {location}", next=_RULES)]


_RULES: Final = "put the redirect rule back: run up, after a refresh if it was changed by hand"


async def _domain(stack: Stack, where: str, service: RunningService, domain: RunningDomain) -> list[Result]:
    path = (service.declared.healthcheck_path if service.declared else None) or "/"
    exact = bool(service.declared and service.declared.healthcheck_path)
    dns = [await _dns(where, domain)] if domain.custom else []
    answer = await visit(domain.name, path)
    expected = service.declared.health_answer if service.declared else {}
    certificate = _certificate(where, answer)
    if certificate and answer.certificate is None:
        return [*dns, certificate]
    return [*dns, *filter(None, [certificate]), health(stack, where, answer, exact=exact, expected=expected)]


async def _dns(where: str, domain: RunningDomain) -> Result:
    started = time.monotonic()
    aliases, addresses = await asyncio.gather(lookup(domain.name, "CNAME"), lookup(domain.name, "A"))
    took = time.monotonic() - started
    result = Result(where=where, check="dns", passed=False, found="", time_s=took, broken_by=NAMES)
    if aliases is None or addresses is None:
        return replace(result, found="the public resolver does not answer", next="check the network, and verify again")
    if not domain.verified:
        missing = "; ".join(domain.wrong_records) or "its TXT record is missing"
        return replace(result, found=f"{domain.name} is not verified: {missing}", next=_RECORDS)
    if domain.proxied and addresses:
        return replace(result, passed=True, found=f"{domain.name} → Cloudflare's proxy")
    if not domain.proxied and (domain.target in aliases or (addresses and not aliases and not domain.wrong_records)):
        return replace(result, passed=True, found=f"{domain.name} → {domain.target}")
    actual = ", ".join(aliases or addresses) or "nothing"
    expected = "Cloudflare's proxy" if domain.proxied else domain.target
    return replace(result, found=f"{domain.name} leads to {actual}, not to {expected}", next=_RECORDS)


_RECORDS: Final = "put the record back: run up, after a refresh if it was changed by hand; DNS takes minutes"


def _certificate(where: str, answer: Answer) -> Result | None:
    """Return the result for the certificate that a visit met; None where the visit ended before one."""
    result = Result(where=where, check="certificate", passed=False, found="", time_s=answer.time_s, broken_by=NAMES)
    if answer.certificate is None and answer.problem and "certificate" in answer.problem:
        step = "look at the domain in Railway's dashboard, which shows what its certificate waits for"
        return replace(result, found=answer.problem, next=step)
    if answer.certificate is None:
        return None
    days = (answer.certificate.expires_at - datetime.now(UTC)).days
    return replace(
        result,
        passed=days >= RENEWED_BEFORE_DAYS,
        found=f"{answer.certificate.issuer}, {count(days, 'day')} left",
        next="it should have been renewed: remove the domain and add it again, or ask Railway's support",
        broken_by=(),
    )


def health(stack: Stack, where: str, answer: Answer, *, exact: bool, expected: Mapping[str, str]) -> Result:
    """Return the result for the application that was visited.

    ``exact`` asks for status 200, as Railway's health check does; otherwise anything below 500 passes. ``expected``
    are values that the JSON of an exact answer may not contradict.
    """
    healthy = answer.status == HTTPStatus.OK if exact else (answer.status or 500) < HTTPStatus.INTERNAL_SERVER_ERROR
    reported = _reported(answer, expected) if healthy and exact else {}
    text = answer.problem or f"{answer.status} from {answer.url}"
    text += "".join(f", {name} {value}" for name, value in reported.items())
    healthy = healthy and all(value == expected[name] for name, value in reported.items())
    # A visit that times out may have reached the application; any other failure before Railway is one of the name.
    reached = answer.reached_railway or answer.time_s >= TIMEOUT_S
    return Result(
        where=where,
        check="health",
        passed=healthy and answer.problem is None,
        found=text,
        next=f"{RAILYARD} logs {where} -s {stack.name}" if reached else _RECORDS,
        time_s=answer.time_s,
        broken_by=None if reached else NAMES,
    )


def _reported(answer: Answer, expected: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a health answer for the names in ``expected``; empty where it is not a JSON object."""
    try:
        document: Any = json.loads(answer.body)
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    reported = cast("Mapping[str, Any]", document)
    return {name: str(reported[name]) for name in expected if name in reported}


async def _bucket(where: str, bucket: BucketSettings) -> list[Result]:
    """Put a small object, get it as a visitor does, delete it."""
    started = time.monotonic()
    host = bucket.cdn_domain or f"{bucket.name}.{bucket.region}.cdn.digitaloceanspaces.com"
    key = f"{bucket.prefix}railyard-verify-{secrets.token_hex(8)}.txt"
    check = "cdn" if bucket.cdn else "bucket"
    result = Result(where=where, check=check, passed=False, found="", broken_by=BUCKETS)
    try:
        client = spaces_client(bucket.region)
        await asyncio.to_thread(_put, client, bucket.name, key)
    except (OperationError, *spaces_errors()) as failure:
        return [replace(result, found=_plain(failure), next=_BUCKET, time_s=time.monotonic() - started)]
    try:
        answer = await visit(host, f"/{key}") if bucket.cdn else None
    finally:
        left = await asyncio.to_thread(_delete, client, bucket.name, key)
    result = replace(result, time_s=time.monotonic() - started)
    remains = f"{key} could not be deleted: {left}" if left else ""
    if answer is not None and (answer.problem or answer.status != HTTPStatus.OK):
        problem = answer.problem or f"{answer.status} from {answer.url}"
        return [replace(result, found="; ".join(filter(None, [f"put, but not served: {problem}", remains])), next=_CDN)]
    if remains:
        return [replace(result, found=remains, next=_BUCKET)]
    served = f"put, served by {host}, deleted" if bucket.cdn else "put and deleted"
    return [replace(result, passed=True, found=served)]


_BUCKET: Final = f"check the Spaces key with {RAILYARD} doctor, and that the bucket is there with a preview"
_CDN: Final = "look at the bucket's CDN endpoint in DigitalOcean's control panel; a new one takes some minutes"


def _put(client: Any, bucket: str, key: str) -> None:
    # A bucket is private, so the object itself has to allow visitors to read it.
    client.put_object(Bucket=bucket, Key=key, Body=b"railyard verify\n", ACL="public-read", ContentType="text/plain")


def _delete(client: Any, bucket: str, key: str) -> str | None:
    """Return why the object is still there, or None."""
    try:
        client.delete_object(Bucket=bucket, Key=key)
    except spaces_errors() as failure:
        return _plain(failure)
    return None


def _plain(failure: Exception) -> str:
    if isinstance(failure, OperationError):
        return str(failure)
    return str(failure) or type(failure).__name__


VOLUMES = ("railway:Volume", "railway:ServiceInstance")
"""Prefixes of the types of resources that the files of a volume depend on."""


def verify_volumes(railway: Railway, stack: Stack, systems: Sequence[RunningSystem]) -> list[Result]:
    """Return a result for each volume of an application; nothing is written onto the volume of a database."""
    return [
        _survived(railway, stack, system, service, disk)
        for system in systems
        for service in system.services
        for disk in service.disks
        if service.declared and not service.declared.is_store
    ]


def _survived(railway: Railway, stack: Stack, system: RunningSystem, service: RunningService, disk: Disk) -> Result:
    from railyard.data.volume_access import reached  # noqa: PLC0415 slow to import: it brings SSH
    from railyard.data.volume_files import exchange_mark  # noqa: PLC0415

    where, started = f"{system.name}/{service.name}", time.monotonic()
    now = service.serving.id if service.serving else ""
    try:
        volume = ServiceVolume(where=where, system=system, service=service, disk=disk)
        own = replace(railway, client=railway.of(system.name))  # the SSH key belongs to the system's account
        with reached(own, volume, f"{stack.name}/{where}", lambda _text: None) as connection:
            former = connection.run(exchange_mark(connection, now))
    except OperationError as problem:
        reason, step = str(problem).splitlines()[0], f"{RAILYARD} logs {where} -s {stack.name}"
        return Result(where=where, check="volume", passed=False, found=reason, next=step, broken_by=VOLUMES)
    if former is None:
        text = f"a mark was left on {disk.mount_path}: the next deployment shows whether it survives"
    elif former == now:
        text = f"the mark of this deployment is on {disk.mount_path}"
    else:
        text = f"what was written under deployment {former[:8]} is on {disk.mount_path} still"
    took = time.monotonic() - started
    return Result(where=where, check="volume", passed=True, found=text, time_s=took, broken_by=VOLUMES)
