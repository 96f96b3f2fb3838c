"""Defines the base of all errors that a person can act on. Loads nothing, so that everything may use it."""

from __future__ import annotations


class Failure(Exception):  # noqa: N818 an outcome of an operation, shown to people as it is
    """An operation failed for a reason that a person can act on.

    The text is shown as it is: what was wrong, where, what to do next; never a secret value.
    """
