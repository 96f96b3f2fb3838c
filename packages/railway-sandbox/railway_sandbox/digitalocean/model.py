"""DigitalOcean's state and rules: Spaces keys, CDN endpoints, certificates and projects.

Knows nothing of HTTP, and nothing of the buckets themselves: those are Spaces' (S3). It does know which key may touch
which bucket, because grants belong to keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar, cast

from railway_sandbox import clock
from railway_sandbox.digitalocean.records import Certificate, Endpoint, Grant, Project, SpacesKey
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.rest import RefusedError
from railway_sandbox.tables import Table

PERMISSIONS: Final = ("read", "readwrite", "fullaccess")
CDN_TTL_SECONDS: Final = (60, 600, 3600, 86_400, 604_800)
DEFAULT_CDN_TTL_S: Final = 3600
CHANGEABLE_PROJECT_FIELDS: Final = ("name", "description", "purpose", "environment", "is_default")
CLOUDFLARE_CERTIFICATE: Final = "needs-cloudflare-cert"
"""In place of a certificate id: Cloudflare's own certificate serves the custom domain."""
CERTIFICATE_READY_AFTER_S: Final = 8.0
"""Seconds for which a Let's Encrypt certificate is pending."""
CERTIFICATE_LIFE_S: Final = 90 * 86_400.0

T = TypeVar("T")
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\.[a-z]{3}[0-9]\.digitaloceanspaces\.com")


class DigitalOceanCloud:
    """One DigitalOcean account."""

    def __init__(self, now: Callable[[], float], ids: Identifiers) -> None:
        self._now = now
        self._ids = ids
        self._keys: Table[SpacesKey] = Table()
        self._endpoints: Table[Endpoint] = Table()
        self._certificates: Table[Certificate] = Table()
        self._projects: Table[Project] = Table()
        self._assignments: Table[str] = Table()
        """Project id by resource (``do:space:NAME``): a resource is in one project at a time."""

    # Persistence

    def tables(self) -> dict[str, Table[Any]]:
        """Return all that changes, by name."""
        return {
            "spaces_keys": self._keys,
            "endpoints": self._endpoints,
            "certificates": self._certificates,
            "projects": self._projects,
            "assignments": self._assignments,
        }

    def load(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        """Continue from the rows of ``tables``; none are a new account."""
        for name, table in self.tables().items():
            table.load(rows.get(name, {}))

    # Spaces keys

    def spaces_keys(self) -> list[SpacesKey]:
        return list(self._keys.values())

    def key(self, access_key: str) -> SpacesKey:
        return _existing(self._keys, access_key)

    def create_key(self, name: object, grants: object) -> SpacesKey:
        """Make a key. Only this answer has the secret, which is not stored: signatures are not checked."""
        access_key = "DO00" + self._ids.hexadecimal(16).upper()
        key = SpacesKey(
            name=_text(name, "name"), grants=_grants(grants), access_key=access_key, created_at=timestamp(self._now())
        )
        self._keys[access_key] = key
        return {**key, "secret_key": self._ids.hexadecimal(43)}

    def put_key(self, access_key: str, name: str, grants: object) -> None:
        """Add a key with the given access key."""
        self._keys[access_key] = SpacesKey(
            name=name, grants=_grants(grants), access_key=access_key, created_at=timestamp(self._now())
        )

    def change_key(self, access_key: str, name: object, grants: object) -> SpacesKey:
        old = self.key(access_key)
        changed = SpacesKey(
            name=old["name"] if name is None else _text(name, "name"),
            grants=old["grants"] if grants is None else _grants(grants),
            access_key=access_key,
            created_at=old["created_at"],
        )
        self._keys[access_key] = changed
        return changed

    def delete_key(self, access_key: str) -> None:
        self.key(access_key)
        del self._keys[access_key]

    def permission(self, access_key: str, bucket: str) -> Literal["none", "read", "readwrite", "fullaccess"] | None:
        """Return what a key may do with a bucket; ``None`` when there is no such key."""
        if access_key not in self._keys:
            return None
        granted = {grant["permission"] for grant in self._keys[access_key]["grants"] if grant["bucket"] == bucket}
        everywhere = {grant["permission"] for grant in self._keys[access_key]["grants"] if not grant["bucket"]}
        if "fullaccess" in everywhere:
            return "fullaccess"
        return "readwrite" if "readwrite" in granted else "read" if "read" in granted else "none"

    # CDN endpoints

    def endpoints(self) -> list[Endpoint]:
        return list(self._endpoints.values())

    def endpoint(self, id: str) -> Endpoint:
        return _existing(self._endpoints, id)

    def create_endpoint(self, body: Mapping[str, Any]) -> Endpoint:
        origin = _text(body.get("origin"), "origin")
        if not _ORIGIN.fullmatch(origin):
            raise _invalid("origin must be the domain name of a Spaces bucket")
        if any(endpoint["origin"] == origin for endpoint in self._endpoints.values()):
            raise _conflict("A CDN endpoint already exists for this origin.")
        created = Endpoint(
            id=self._ids(),
            origin=origin,
            endpoint=origin.replace(".digitaloceanspaces.", ".cdn.digitaloceanspaces."),
            ttl=_cdn_ttl_s(body.get("ttl")),
            created_at=timestamp(self._now()),
            custom_domain=str(body.get("custom_domain") or ""),
            certificate_id=str(body.get("certificate_id") or ""),
        )
        self._check_domain(created)
        self._endpoints[created["id"]] = created
        return created

    def put_endpoint(self, endpoint: Mapping[str, Any]) -> None:
        """Add an endpoint as the API answers it."""
        self._endpoints[endpoint["id"]] = Endpoint(
            id=endpoint["id"],
            origin=endpoint["origin"],
            endpoint=endpoint["endpoint"],
            ttl=endpoint["ttl"],
            created_at=timestamp(self._now()),
            custom_domain=endpoint.get("custom_domain") or "",
            certificate_id=endpoint.get("certificate_id") or "",
        )

    def change_endpoint(self, id: str, body: Mapping[str, Any]) -> Endpoint:
        """Change what was sent. An empty custom domain removes it and leaves the certificate."""
        changed = Endpoint(**self.endpoint(id))
        if "ttl" in body:
            changed["ttl"] = _cdn_ttl_s(body["ttl"])
        if "custom_domain" in body:
            changed["custom_domain"] = str(body["custom_domain"] or "")
        if "certificate_id" in body:
            changed["certificate_id"] = str(body["certificate_id"] or "")
        self._check_domain(changed)
        self._endpoints[id] = changed
        return changed

    def delete_endpoint(self, id: str) -> None:
        self.endpoint(id)
        del self._endpoints[id]

    def _check_domain(self, endpoint: Endpoint) -> None:
        certificate = endpoint["certificate_id"]
        if endpoint["custom_domain"] and not certificate:
            raise _invalid("certificate_id is required when custom_domain is set")
        if certificate and certificate != CLOUDFLARE_CERTIFICATE and certificate not in self._certificates:
            raise _invalid("certificate_id does not name a certificate of this account")

    # Certificates

    def certificates(self, name: str | None = None) -> list[dict[str, Any]]:
        return [
            self._certificate_fields(certificate)
            for certificate in self._certificates.values()
            if name in (None, certificate["name"])
        ]

    def certificate(self, id: str) -> dict[str, Any]:
        return self._certificate_fields(_existing(self._certificates, id))

    def create_certificate(self, body: Mapping[str, Any]) -> dict[str, Any]:
        name, kind = _text(body.get("name"), "name"), body.get("type") or "custom"
        if kind not in ("lets_encrypt", "custom"):
            raise _invalid("type must be lets_encrypt or custom")
        if kind == "lets_encrypt" and not body.get("dns_names"):
            raise _invalid("dns_names is required for a lets_encrypt certificate")
        if kind == "custom" and not (body.get("private_key") and body.get("leaf_certificate")):
            raise _invalid("private_key and leaf_certificate are required for a custom certificate")
        if self.certificates(name):
            raise _conflict("A certificate with this name already exists.")
        certificate = Certificate(
            id=self._ids(),
            name=name,
            type=kind,
            dns_names=list(body.get("dns_names") or []),
            not_after=timestamp(self._now() + CERTIFICATE_LIFE_S),
            sha1_fingerprint=self._ids.hexadecimal(40),
            created_at=timestamp(self._now()),
            verified_at_s=self._now() + (CERTIFICATE_READY_AFTER_S if kind == "lets_encrypt" else 0.0),
        )
        self._certificates[certificate["id"]] = certificate
        return self._certificate_fields(certificate)

    def delete_certificate(self, id: str) -> None:
        self.certificate(id)
        if any(endpoint["certificate_id"] == id for endpoint in self._endpoints.values()):
            raise RefusedError(403, "forbidden", "Make sure the certificate is not in use before deleting it")
        del self._certificates[id]

    def _certificate_fields(self, certificate: Certificate) -> dict[str, Any]:
        fields: dict[str, Any] = {key: value for key, value in certificate.items() if key != "verified_at_s"}
        return {**fields, "state": "verified" if self._now() >= certificate["verified_at_s"] else "pending"}

    # Projects

    def default_project(self) -> Project:
        """Return the project that every account has; made when it is first asked for."""
        for project in self._projects.values():
            if project["is_default"]:
                return project
        return self._make_project({"name": "first-project", "purpose": "Just trying out DigitalOcean"}, default=True)

    def projects(self) -> list[Project]:
        self.default_project()
        return list(self._projects.values())

    def project(self, id: str) -> Project:
        return self.default_project() if id == "default" else _existing(self._projects, id)

    def create_project(self, body: Mapping[str, Any]) -> Project:
        self.default_project()
        name = _text(body.get("name"), "name")
        _text(body.get("purpose"), "purpose")
        if any(project["name"] == name for project in self._projects.values()):
            raise _conflict("name is already in use")
        return self._make_project(body, default=False)

    def change_project(self, id: str, body: Mapping[str, Any]) -> Project:
        fields = {name: body[name] for name in CHANGEABLE_PROJECT_FIELDS if name in body}
        changed = cast("Project", {**self.project(id), **fields, "updated_at": timestamp(self._now())})
        if changed["is_default"]:
            former = self.default_project()
            self._projects[former["id"]] = {**former, "is_default": False}
        self._projects[changed["id"]] = changed
        return changed

    def delete_project(self, id: str) -> None:
        project = self.project(id)
        if project["is_default"] or project["id"] in self._assignments.values():
            message = "The default project and projects that hold resources cannot be deleted."
            raise RefusedError(412, "precondition_failed", message)
        del self._projects[project["id"]]

    def resources(self, project_id: str) -> list[dict[str, Any]]:
        project = self.project(project_id)
        return [_assigned(urn, project) for urn, owner in self._assignments.items() if owner == project["id"]]

    def assign(self, project_id: str, urns: Sequence[str]) -> list[dict[str, Any]]:
        """Move resources into a project, out of the one they were in."""
        project = self.project(project_id)
        for urn in urns:
            if not re.fullmatch(r"do:\w+:[\w.-]+", urn):
                raise _invalid(f"resource {urn!r} is not a valid URN")
            self._assignments[urn] = project["id"]
        return [_assigned(urn, project) for urn in urns]

    def _make_project(self, body: Mapping[str, Any], *, default: bool) -> Project:
        project = Project(
            id=self._ids(),
            owner_uuid="00000000-0000-4000-8000-000000000001",
            owner_id=1,
            name=body["name"],
            description=body.get("description") or "",
            purpose=body["purpose"],
            environment=body.get("environment") or "",
            is_default=default,
            created_at=timestamp(self._now()),
            updated_at=timestamp(self._now()),
        )
        self._projects[project["id"]] = project
        return project


def timestamp(now_s: float) -> str:
    """Return a moment as DigitalOcean writes it, in whole seconds."""
    return f"{clock.timestamp(now_s)[:-5]}Z"


def _invalid(message: str) -> RefusedError:
    return RefusedError(422, "unprocessable_entity", message)


def _conflict(message: str) -> RefusedError:
    return RefusedError(409, "conflict", message)


def _existing(resources: Mapping[str, T], id: str) -> T:
    if id not in resources:
        raise RefusedError(404, "not_found", "The resource you were accessing could not be found.")
    return resources[id]


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(f"{name} is required")
    return value


def _grants(grants_body: object) -> list[Grant]:
    """Return the grants as they were sent; an unknown permission becomes empty, as in DigitalOcean's client."""
    grants: list[Grant] = []
    for grant in cast("list[dict[str, Any]]", grants_body or []):
        bucket, permission = str(grant.get("bucket") or ""), str(grant.get("permission") or "")
        if permission == "fullaccess" and bucket:
            raise _invalid("a fullaccess grant must not name a bucket")
        if permission in ("read", "readwrite") and not bucket:
            raise _invalid(f"a {permission} grant must name a bucket")
        grants.append(Grant(bucket=bucket, permission=permission if permission in PERMISSIONS else ""))
    return grants


def _cdn_ttl_s(value: object) -> int:
    """Return seconds that the CDN keeps an object; 0 and nothing mean the default."""
    if not value:
        return DEFAULT_CDN_TTL_S
    if value not in CDN_TTL_SECONDS:
        raise _invalid(f"ttl must be one of {', '.join(str(ttl) for ttl in CDN_TTL_SECONDS)} seconds")
    return int(str(value))


def _assigned(urn: str, project: Project) -> dict[str, Any]:
    return {"urn": urn, "assigned_at": project["updated_at"], "links": {"self": ""}, "status": "ok"}
