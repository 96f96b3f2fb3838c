"""Ids of resources as people see them: Railway's ids joined by slashes, so that an import needs nothing else."""

from __future__ import annotations

import re

from railway_api.failure import Failure


def join(*parts: str) -> str:
    """Make one id out of its parts."""
    return "/".join(parts)


def split(id: str, *names: str) -> tuple[str, ...]:
    """Return the parts of an id; ``names`` say what they are, for whoever imports with a wrong one."""
    parts = tuple(id.split("/"))
    if len(parts) != len(names) or not all(parts):
        raise Failure(f"the id must be {'/'.join(f'<{name}>' for name in names)}, not {id!r}")
    return parts


def import_hint(kind: str, id: str) -> str:
    """Tell what to do when a resource of that name is there already: the end of a sentence."""
    return (
        f"import it with 'pulumi import railway:index:{kind} <resource name> {id}', or choose another name. "
        "If it is in the state already (a component of another type holds it, or it was to be replaced: --replace, "
        "taint), do not import it: destroy it first, or take that change back"
    )


def label(name: str) -> str:
    """Return the DNS label that Railway makes of a service's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
