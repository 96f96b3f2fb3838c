"""Versioning, life cycle and CORS of a bucket: the declared groups, and S3's XML for them.

Owns both directions of the translation. Knows no requests.
"""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pulumi_embedded.standins.digitalocean.spaces_client import element, serialized, text
from pulumi_provider.declaration import Nested, Property


@dataclass(frozen=True, kw_only=True)
class Versioning(Nested):
    """The setting that keeps overwritten objects."""

    enabled: Annotated[bool | None, Property("True if overwritten objects are kept.")] = None


@dataclass(frozen=True, kw_only=True)
class Expiration(Nested):
    """The time after which objects are deleted."""

    date: Annotated[str | None, Property("The day on which they go.")] = None
    days: Annotated[int | None, Property("Days after which they go.")] = None
    expired_object_delete_marker: Annotated[
        bool | None, Property("True if delete markers without another version expire.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class NoncurrentVersionExpiration(Nested):
    """The time after which overwritten objects are deleted."""

    days: Annotated[int | None, Property("Days after which they go.")] = None


@dataclass(frozen=True, kw_only=True)
class LifecycleRule(Nested):
    """Hold what happens to objects with time."""

    enabled: Annotated[bool, Property("True if the rule is in effect.")]
    id: Annotated[str | None, Property("Name of the rule.")] = None
    prefix: Annotated[str | None, Property("Objects that it is about.")] = None
    abort_incomplete_multipart_upload_days: Annotated[int | None, Property("Days for an upload to finish.")] = None
    expiration: Annotated[Expiration | None, Property("Time at which objects expire.")] = None
    noncurrent_version_expiration: Annotated[
        NoncurrentVersionExpiration | None, Property("Time at which overwritten objects expire.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class CorsRule(Nested):
    """Web pages that may use the bucket from a browser."""

    allowed_methods: Annotated[list[str], Property("HTTP methods.")]
    allowed_origins: Annotated[list[str], Property("Origins with scheme.")]
    allowed_headers: Annotated[list[str] | None, Property("Request headers.")] = None
    expose_headers: Annotated[list[str] | None, Property("Answer headers that a page may read.")] = None
    id: Annotated[str | None, Property("Name of the rule.")] = None
    max_age_seconds: Annotated[
        int | None, Property("Time for which a browser may remember the answer, in seconds.")
    ] = None


def versioning_document(versioning: Versioning) -> bytes:
    status = "Enabled" if versioning.enabled else "Suspended"
    return serialized(element("VersioningConfiguration", element("Status", value=status)))


def versioning_of(root: ET.Element) -> Versioning:
    return Versioning(enabled=text(root, "Status") == "Enabled")


def lifecycle_document(rules: Sequence[LifecycleRule]) -> bytes:
    return serialized(element("LifecycleConfiguration", *(_lifecycle_element(rule) for rule in rules)))


def _lifecycle_element(rule: LifecycleRule) -> ET.Element:
    expiration, noncurrent = rule.expiration, rule.noncurrent_version_expiration
    abort_days = rule.abort_incomplete_multipart_upload_days
    return element(
        "Rule",
        element("ID", value=rule.id or f"lifecycle-{hashlib.sha256(repr(rule).encode()).hexdigest()[:12]}"),
        element("Filter", element("Prefix", value=rule.prefix or "")),
        element("Status", value="Enabled" if rule.enabled else "Disabled"),
        element(
            "Expiration",
            _optional("Date", f"{expiration.date}T00:00:00Z" if expiration.date else None),
            _optional("Days", expiration.days),
            _optional("ExpiredObjectDeleteMarker", expiration.expired_object_delete_marker or None),
        )
        if expiration
        else None,
        element("NoncurrentVersionExpiration", _optional("NoncurrentDays", noncurrent.days)) if noncurrent else None,
        element("AbortIncompleteMultipartUpload", element("DaysAfterInitiation", value=abort_days))
        if abort_days
        else None,
    )


def lifecycle_of(root: ET.Element) -> list[LifecycleRule]:
    return [
        LifecycleRule(
            id=text(rule, "ID"),
            enabled=text(rule, "Status") == "Enabled",
            prefix=text(rule, "Prefix") or text(rule, "Filter/Prefix") or None,
            abort_incomplete_multipart_upload_days=_number(rule, "AbortIncompleteMultipartUpload/DaysAfterInitiation"),
            expiration=Expiration(
                date=text(rule, "Expiration/Date")[:10] or None,
                days=_number(rule, "Expiration/Days"),
                expired_object_delete_marker=text(rule, "Expiration/ExpiredObjectDeleteMarker") == "true" or None,
            )
            if rule.find("Expiration") is not None
            else None,
            noncurrent_version_expiration=NoncurrentVersionExpiration(
                days=_number(rule, "NoncurrentVersionExpiration/NoncurrentDays")
            )
            if rule.find("NoncurrentVersionExpiration") is not None
            else None,
        )
        for rule in root.iter("Rule")
    ]


def cors_document(rules: Sequence[CorsRule]) -> bytes:
    return serialized(element("CORSConfiguration", *(_cors_element(rule) for rule in rules)))


def _cors_element(rule: CorsRule) -> ET.Element:
    return element(
        "CORSRule",
        _optional("ID", rule.id),
        *(element("AllowedHeader", value=value) for value in rule.allowed_headers or []),
        *(element("AllowedMethod", value=value) for value in rule.allowed_methods),
        *(element("AllowedOrigin", value=value) for value in rule.allowed_origins),
        *(element("ExposeHeader", value=value) for value in rule.expose_headers or []),
        element("MaxAgeSeconds", value=rule.max_age_seconds or 0),
    )


def cors_of(root: ET.Element) -> list[CorsRule]:
    return [
        CorsRule(
            id=text(rule, "ID") or None,
            allowed_headers=_texts(rule, "AllowedHeader"),
            allowed_methods=_texts(rule, "AllowedMethod"),
            allowed_origins=_texts(rule, "AllowedOrigin"),
            expose_headers=_texts(rule, "ExposeHeader"),
            max_age_seconds=_number(rule, "MaxAgeSeconds"),
        )
        for rule in root.iter("CORSRule")
    ]


def _optional(tag: str, value: object) -> ET.Element | None:
    return None if value is None else element(tag, value=value)


def _texts(rule: ET.Element, path: str) -> list[str]:
    return [element.text or "" for element in rule.findall(path)]


def _number(rule: ET.Element, path: str) -> int | None:
    digits = text(rule, path)
    return int(digits) if digits else None
