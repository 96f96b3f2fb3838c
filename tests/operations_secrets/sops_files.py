"""Changes SOPS files for tests as the ``sops`` program does: the ciphertext of untouched values stays as it was.

``main`` stands in for the program where it is not installed, for the calls that the command line makes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

import sops
from tests.sops import encrypting


def opened(file: Path) -> dict[str, Any]:
    """What ``file`` holds, with the key of the environment."""
    return dict(sops.read(file).decrypt())


def change(file: Path, key_file: Path | None, system: str, name: str, value: str | None) -> None:
    """Set one value, or take it away."""
    environment = {"SOPS_AGE_KEY_FILE": str(key_file)} if key_file else dict(os.environ)
    document = sops.read(file, environment)
    plain: Any = document.decrypt()
    tree: Any = {group: dict(keys) for group, keys in plain.items()}
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    key = document._data_key(document.metadata.groups()[0])  # pyright: ignore[reportPrivateUsage]
    assert key is not None
    for each in (tree, body):
        each.setdefault(system, {}).pop(name, None) if value is None else each.setdefault(system, {}).update(
            {name: value}
        )
    if value:
        body[system][name] = encrypting.sealed(value, "str", key, f"{system}:{name}:")
    covered = hashlib.sha512("".join(str(v) for group in tree.values() for v in group.values()).encode())
    body["sops"]["mac"] = encrypting.sealed(covered.hexdigest().upper(), "str", key, body["sops"]["lastmodified"])
    encrypting.write(file, body)


def drop(file: Path, system: str) -> None:
    """Take a group away."""
    document = sops.read(file, dict(os.environ))
    plain: Any = document.decrypt()
    tree: Any = {group: dict(keys) for group, keys in plain.items() if group != system}
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    body.pop(system)
    key = document._data_key(document.metadata.groups()[0])  # pyright: ignore[reportPrivateUsage]
    assert key is not None
    covered = hashlib.sha512("".join(str(v) for group in tree.values() for v in group.values()).encode())
    body["sops"]["mac"] = encrypting.sealed(covered.hexdigest().upper(), "str", key, body["sops"]["lastmodified"])
    encrypting.write(file, body)


def main(calls: str) -> None:
    """``sops set --value-stdin FILE INDEX`` and ``sops --config … encrypt …``."""
    arguments = sys.argv[1:]
    with Path(calls).open("a") as log:
        log.write(json.dumps(arguments) + "\n")
    match arguments:
        case ["set", "--value-stdin", file, index]:
            system, name = json.loads(index.replace("][", ","))
            change(Path(file), None, system, name, json.loads(sys.stdin.read()))
        case ["unset", file, index]:
            drop(Path(file), json.loads(index)[0])
        case ["--config", _, "encrypt", "--filename-override", _, "--output", target, source]:
            encrypting.write(Path(target), encrypting.encrypted(yaml.safe_load(Path(source).read_text())))
        case _:
            sys.exit(1)
