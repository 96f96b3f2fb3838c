"""Records of a DigitalOcean account, in the shape in which the API answers it."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Grant(TypedDict):
    """A right of a key. A ``fullaccess`` grant names no bucket: it means all of them."""

    bucket: str
    permission: str


class SpacesKey(TypedDict):
    """A Spaces access key as the API answers it; the secret appears only where it is made."""

    name: str
    grants: list[Grant]
    access_key: str
    created_at: str
    secret_key: NotRequired[str]


class Endpoint(TypedDict):
    """A CDN endpoint as the API answers it."""

    id: str
    origin: str
    endpoint: str
    ttl: int
    created_at: str
    custom_domain: str
    certificate_id: str


class Certificate(TypedDict):
    """A certificate as the API answers it, beside the moment when a pending one is issued."""

    id: str
    name: str
    type: str
    dns_names: list[str]
    not_after: str
    sha1_fingerprint: str
    created_at: str
    verified_at_s: float


class Project(TypedDict):
    """A project as the API answers it."""

    id: str
    owner_uuid: str
    owner_id: int
    name: str
    description: str
    purpose: str
    environment: str
    is_default: bool
    created_at: str
    updated_at: str
