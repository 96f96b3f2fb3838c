"""Write the page of all settings, ``docs/settings-reference.md``: ``python -m tools.settings_reference``.

Owns the layout alone: keys, types, defaults and meanings are those of the schema that editors read. With ``--check``
nothing is written: the exit code is 1 when the page is out of date.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from railyard.shared.files import write_or_check
from stacks.schema import FILE
from tools.schema_tables import SchemaTables

NAME: Final = "docs/settings-reference.md"
_HEAD: Final = """\
<!-- Generated from the settings' declarations. Do not edit: change those, and call make generate. -->

# All settings

Every key of `Pulumi.<stack>.yaml`, and of `defaults.yaml`, which all stacks share; [settings](settings.md) says how the
files work together, and [the schema](settings.schema.json) brings the same into an editor.

## Keys of a stack

These stand below `config:`. Any other key `railyard:<name>` is a system of your own, made of
[services](#ownsettings) that need no Python.
"""
_BASES: Final = ("OwnServiceSettings", "OwnPostgresSettings", "OwnRedisSettings", "OwnBucketSettings", "VolumeSettings")
_SCHEMA: Final[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
TABLES: Final = SchemaTables(_SCHEMA["$defs"], _BASES)


def page() -> str:
    """Return the text of the page."""
    keys = TABLES.table(_SCHEMA["properties"]["config"]["properties"], ())
    return "\n".join([_HEAD, keys, *map(TABLES.section, sorted(TABLES.groups))])


if __name__ == "__main__":
    sys.exit(write_or_check(NAME, page(), sys.argv[1:]))
