"""Writes a number of things as people do. Loads nothing, so that everything may use it."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """Write ``1 service``, ``2 services``, ``1,000 requests``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
