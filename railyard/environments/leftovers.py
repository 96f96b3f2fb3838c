"""Things of review environments in the clouds, found by its names, and removed thing by thing.

Owns what is looked for, and the order of removal. Asks the clouds and no state: an ``up`` that was killed, a state that
was lost and a removal that was cut off leave things with the same names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from http import HTTPStatus
from typing import Any, Final, cast

import httpx

from components.bucket import BucketSettings
from railway_api.certificates import trusted
from railway_api.client import Client
from railway_api.documents.project import PROJECT_DELETE, PROJECTS
from railway_api.errors import NotFound
from railyard.accounts.cloud_addresses import cloudflare_url, digitalocean_url, token_of
from railyard.accounts.railway_client import Railway
from railyard.accounts.spaces_client import (
    KEY_VARIABLES,
    MISSING,
    refusal_code,
    spaces_client,
    spaces_errors,
    spaces_refusals,
)
from railyard.environments import names
from railyard.environments.record import Record
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack
from stacks.arguments_tree import walk_arguments

TIMEOUT_S: Final = 30.0
_PAGE: Final = 200
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class Kind(IntEnum):
    """The kinds of things, in the order of removal: names first, then what runs, then what stores."""

    RECORD = 0
    """No name may lead to a place that another account could take."""
    PROJECT = 1
    ENDPOINT = 2
    KEY = 3
    """Before its bucket, so that nothing writes there any more."""
    BUCKET = 4

    @property
    def title(self) -> str:
        """Return its name for people."""
        titles = ("DNS record", "Railway project", "CDN endpoint", "Spaces key", "bucket")
        return titles[self]


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """One thing in a cloud that belongs to the environment of a pull request."""

    number: int
    kind: Kind
    name: str
    remove: Callable[[], object] = field(repr=False, compare=False)
    """Removes it; that it is gone already is fine."""

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.kind.title} {self.name}"


@dataclass(frozen=True, kw_only=True)
class SearchScope:
    """The places where environments of a stack can have anything, by its settings now and by what was written down."""

    program: str
    """Name of the Pulumi project, as descriptions of Railway projects have it."""
    zones: Mapping[str, str]
    """Name → id."""
    systems: frozenset[str]
    """Systems that projects are called after."""
    buckets: frozenset[str]
    """Names of the stack's own buckets, which those of environments begin with."""
    regions: frozenset[str]

    @classmethod
    def of(cls, base: Stack, program: str, records: Collection[Record | None]) -> SearchScope:
        """Return the places of a stack and of the environments that are written down."""
        settings_parts = [part for settings in base.settings.systems.values() for _, part in walk_arguments(settings)]
        buckets = [part for part in settings_parts if isinstance(part, BucketSettings)]
        noted = [bucket for record in records if record for bucket in record.buckets]
        zones = {zone.name: zone.id for zone in base.settings.stack.zones}
        for record in records:
            zones |= dict(record.zones) if record else {}
        return cls(
            program=program,
            zones=zones,
            systems=frozenset(
                [
                    *base.known,
                    *base.settings.systems,
                    *(system for record in records if record for system in record.systems),
                ]
            ),
            buckets=frozenset([*(each.name for each in buckets), *(name.rpartition("-pr-")[0] for name, _ in noted)]),
            regions=frozenset([*(str(each.region) for each in buckets), *(region for _, region in noted)]),
        )


def existing(railway: Railway, scope: SearchScope) -> list[Leftover]:
    """Return all that any environment has, in the order of removal; raises ``OperationError``."""
    leftovers = [*_projects(railway, scope)]
    if scope.zones:
        leftovers += _records(scope)
    if scope.buckets:
        with spaces_refusals():
            leftovers += [*_endpoints(scope), *_keys(scope), *_buckets(scope)]
    return sorted(leftovers, key=lambda each: (each.number, each.kind, each.name))


def remove(leftovers: Sequence[Leftover], say: Callable[[str], None]) -> list[str]:
    """Remove things in their order; what cannot be removed is reported, and does not keep the others."""
    problems: list[str] = []
    for leftover in leftovers:
        try:
            with spaces_refusals():
                leftover.remove()
        except OperationError as error:
            problems.append(f"{leftover} could not be removed: {error}")
        else:
            say(f"removed {leftover}")
    return problems


def _projects(railway: Railway, scope: SearchScope) -> Iterator[Leftover]:
    yielded: set[str] = set()
    # Each account once. One that cannot be asked may have a project, too: that is reported.
    for client in dict.fromkeys([railway.client, *map(railway.of, sorted(scope.systems))]):
        for project in railway.run(client.list_all(PROJECTS, workspaceId=None)):
            number = names.number_of_project(project["name"], project["description"], scope.program, scope.systems)
            if number is None or project["deletedAt"] or project["id"] in yielded:
                continue
            yielded.add(project["id"])
            remove = _deletes(railway, client, project["id"])
            yield Leftover(number=number, kind=Kind.PROJECT, name=project["name"], remove=remove)


def _deletes(railway: Railway, client: Client, id: str) -> Callable[[], object]:
    async def delete() -> None:
        try:
            await client.call(PROJECT_DELETE, id=id)
        except NotFound:
            return

    return lambda: railway.run(delete())


def _records(scope: SearchScope) -> Iterator[Leftover]:
    api = _Api(cloudflare_url(), "CLOUDFLARE_API_TOKEN")
    for zone, zone_id in scope.zones.items():
        for record in api.every(f"/zones/{zone_id}/dns_records", "result"):
            number = names.number_of_record(str(record["name"]), zone)
            if number is not None:
                name = f"{record['name']} ({record['type']})"
                path = f"/zones/{zone_id}/dns_records/{record['id']}"
                yield Leftover(number=number, kind=Kind.RECORD, name=name, remove=api.deletes(path))


def _digitalocean() -> _Api:
    return _Api(digitalocean_url(), "DIGITALOCEAN_TOKEN")


def _endpoints(scope: SearchScope) -> Iterator[Leftover]:
    api = _digitalocean()
    for endpoint in api.every("/v2/cdn/endpoints", "endpoints"):
        bucket, _, _ = str(endpoint["origin"]).partition(".")
        number = names.number_of_bucket(bucket, scope.buckets)
        if number is not None:
            path = f"/v2/cdn/endpoints/{endpoint['id']}"
            yield Leftover(number=number, kind=Kind.ENDPOINT, name=str(endpoint["origin"]), remove=api.deletes(path))


def _keys(scope: SearchScope) -> Iterator[Leftover]:
    api = _digitalocean()
    for key in api.every("/v2/spaces/keys", "keys"):
        bucket, _, version = str(key["name"]).rpartition("-")
        number = names.number_of_bucket(bucket, scope.buckets)
        if number is not None and version.isdigit():
            path = f"/v2/spaces/keys/{key['access_key']}"
            yield Leftover(number=number, kind=Kind.KEY, name=str(key["name"]), remove=api.deletes(path))


def _buckets(scope: SearchScope) -> Iterator[Leftover]:
    if not all(os.environ.get(name) for name in KEY_VARIABLES):
        raise OperationError(f"the stack has buckets, and {' and '.join(KEY_VARIABLES)} are not set: set both")
    for region in sorted(scope.regions):
        client = spaces_client(region)
        for bucket in client.list_buckets()["Buckets"]:
            name = str(bucket["Name"])
            number = names.number_of_bucket(name, scope.buckets)
            if number is not None:
                yield Leftover(number=number, kind=Kind.BUCKET, name=name, remove=_empties(client, name))


def _empties(client: Any, bucket: str) -> Callable[[], object]:
    """Return what deletes a bucket with all in it: objects, their versions, and uploads that never ended."""

    def delete() -> None:
        with _unless_gone():
            for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
                for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    client.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
                for upload in page.get("Uploads", ()):
                    client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            client.delete_bucket(Bucket=bucket)

    return delete


@contextmanager
def _unless_gone() -> Generator[None]:
    try:
        yield
    except spaces_errors() as failure:
        if refusal_code(failure) not in ("NoSuchBucket", MISSING):
            raise


class _Api:
    """A REST API with pages: Cloudflare's or DigitalOcean's."""

    def __init__(self, address: str, variable: str) -> None:
        token = token_of(variable)
        if not token:
            raise OperationError(f"{variable} is not set, so that what is left there is not known: set it")
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}"}

    def every(self, path: str, key: str) -> Iterator[Mapping[str, Any]]:
        """Yield all items of a list, page by page."""
        page = 1
        while True:
            answer = self._call("GET", path, {"page": page, "per_page": _PAGE})
            items = cast("list[Mapping[str, Any]]", answer.get(key) or [])
            yield from items
            if len(items) < _PAGE:
                return
            page += 1

    def deletes(self, path: str) -> Callable[[], object]:
        """Return what deletes something, which may be gone."""
        return lambda: self._call("DELETE", path)

    def _call(self, method: str, path: str, query: Mapping[str, int] | None = None) -> Mapping[str, Any]:
        where = httpx.URL(f"{self._address}{path}")
        try:
            answer = httpx.request(
                method, where, params=query, headers=self._headers, timeout=TIMEOUT_S, verify=trusted(self._address)
            )
        except httpx.HTTPError as failure:
            raise OperationError(f"{where.host} gave no answer ({type(failure).__name__}): run it again") from None
        if method == "DELETE" and (answer.is_success or answer.status_code in _GONE):
            return {}
        try:
            body: Any = answer.json()
        except ValueError:
            raise OperationError(f"{where.host} answered {answer.status_code} without JSON: run it again") from None
        if not answer.is_success or not isinstance(body, dict):
            raise OperationError(f"{where.host} answered {answer.status_code} to {method} {path}: {str(body)[:300]}")
        return cast("Mapping[str, Any]", body)
