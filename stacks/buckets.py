"""The buckets in the settings of all systems, and names that two of them have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.arguments import Path
from components.bucket import BucketSettings
from components.problems import Problem
from components.railway_bucket import RailwayBucketSettings
from stacks.arguments_tree import walk_arguments
from stacks.system import SystemSettings


def buckets_twice(systems: Mapping[str, SystemSettings]) -> Iterator[Problem]:
    """Yield buckets whose name another bucket of the stack has: in all of Spaces, or in the project at Railway."""
    first: dict[tuple[str, str], Path] = {}
    for system, settings in systems.items():
        for path, part in walk_arguments(settings, (system,)):
            if isinstance(part, BucketSettings):
                place, name = "", part.name
            elif isinstance(part, RailwayBucketSettings):
                place, name = settings.project.name, part.name or str(path[-1])
            else:
                continue
            if (other := first.setdefault((place, name), path)) != path:
                allowed = f"each bucket once, and {'.'.join(map(str, other))} has this name too"
                yield Problem((*path, "name"), name, allowed, "give one of them another name, or remove it")
