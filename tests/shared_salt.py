"""Gives the states of the embedded engine one salt, so that a process derives the key of a passphrase once.

That is a third of a second of work by design, and tests make hundreds of states.
"""

from __future__ import annotations

import secrets

from pulumi_embedded import runner, state

SALT = bytes(range(state._SALT_BYTES))  # pyright: ignore[reportPrivateUsage]


class _Source:
    """Draw what is random, but for a salt."""

    @staticmethod
    def token_bytes(size: int) -> bytes:
        return SALT if size == len(SALT) else secrets.token_bytes(size)


def share() -> None:
    """Let new states of this process have the salt."""
    state.random_source = _Source


def derive() -> None:
    """Derive the key of the default passphrase, for this process and its forks."""
    state._derive(runner.DEFAULT_PASSPHRASE, SALT)  # pyright: ignore[reportPrivateUsage]
