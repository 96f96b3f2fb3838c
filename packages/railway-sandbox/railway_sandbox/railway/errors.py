"""Errors of the simulated Railway, in the words that Railway itself uses on the wire.

Owns the texts, because almost every business error of Railway carries the same code and only its text tells which it
is. Does not know HTTP or GraphQL: ``wire`` puts these into an answer.
"""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  (a refusal is a normal answer here)
    """An operation that Railway refuses; ``str()`` is the message on the wire."""


class NotSimulated(NotImplementedError):  # noqa: N818  (says what it is)
    """The sandbox was asked for something of Railway that it does not imitate: a gap here, not a user's mistake."""


def not_found(noun: str) -> Refused:
    """Return the error for a resource that does not exist (any more); ``noun`` is its type in Railway's schema."""
    return Refused(f"{noun} not found")


def not_authorized() -> Refused:
    """Return the error for a bad token, or a resource out of its reach or gone: Railway does not say which."""
    return Refused("Not Authorized")


def invalid(detail: str = "") -> Refused:
    """Return the refusal of a value that Railway does not take."""
    return Refused(f"Invalid input: {detail}" if detail else "Invalid input")


def upgrade(limit: str) -> Refused:
    """Return the refusal of what the plan does not include."""
    return Refused(f"{limit} Please upgrade your plan.")


def size_beyond_plan(max_mb: int) -> Refused:
    """Return the refusal of a volume larger than the plan allows, in Railway's own words."""
    return Refused(f"Max size of {max_mb} MB on current plan. Please select a valid size or upgrade")


def in_progress(action: str) -> Refused:
    """Return the error for ``action`` while another operation on the same resource is in progress."""
    return Refused(f"{action}: an operation is already in progress")


def domain_failed(kind: str) -> Refused:
    """Return the refusal of a domain whose service instance is not ready; ``kind`` is service or custom."""
    return Refused(f"Failed to create {kind} domain, please try again")


def redeploy_too_soon() -> Refused:
    """Return the refusal of a redeploy while the latest deployment is still building."""
    return Refused("Cannot redeploy yet, please wait for the original deployment to finish building")


def config_as_code() -> Refused:
    """Return the refusal of a service's configuration file, which Railway reads no more."""
    return Refused(
        "Config as Code (railway.json / railway.toml) is deprecated. Use Infrastructure as Code (.railway/railway.ts) "
        "instead. See https://docs.railway.com/infrastructure-as-code#migrating-from-config-as-code"
    )


def without_snapshot() -> Refused:
    """Return the refusal of a redeploy of what was never deployed."""
    return Refused("Cannot redeploy without snapshot")
