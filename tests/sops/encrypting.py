"""Writes SOPS files for tests, from the description of the format and without the code under test."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

pyrage: Any = importlib.import_module("pyrage")
CORPUS = Path(__file__).parent / "corpus"
KEY_FILE, OTHER_KEY_FILE = CORPUS / "test-only.agekey", CORPUS / "test-only-other.agekey"
KEY = KEY_FILE.read_text().split()[-1]
RECIPIENT = str(pyrage.x25519.Identity.from_str(KEY).to_public())
ENVIRONMENT = {"SOPS_AGE_KEY": KEY}
LAST_MODIFIED = "2026-01-02T03:04:05Z"


def sealed(text: str, kind: str, data_key: bytes, additional: str) -> str:
    """``text`` as an encrypted value."""
    nonce = os.urandom(32)
    out = AESGCM(data_key).encrypt(nonce, text.encode(), additional.encode())
    data, iv, tag = (b64encode(part).decode() for part in (out[:-16], nonce, out[-16:]))
    return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]"


def written(value: Any) -> tuple[str, str]:
    """The text of a value and the name of its type."""
    match value:
        case bool():
            return ("True" if value else "False"), "bool"
        case int():
            return str(value), "int"
        case float():
            return format(Decimal(repr(value)), "f").removesuffix(".0"), "float"
        case _:
            return str(value), "str"


def encrypted(
    tree: dict[str, Any], *, leave: Callable[[str], bool] = lambda key: key.endswith("_unencrypted"), **block: Any
) -> dict[str, Any]:
    """``tree`` as SOPS would write it; ``leave`` says which keys stay in clear text, ``block`` adds to the block."""
    data_key, covered = os.urandom(32), hashlib.sha512()
    only_encrypted = bool(block.get("mac_only_encrypted"))
    if only_encrypted:
        covered.update(hashlib.sha256(b"sops").digest())

    def walk(node: Any, path: tuple[str, ...]) -> Any:
        match node:
            case dict():
                return {key: walk(child, (*path, key)) for key, child in cast("dict[str, Any]", node).items()}
            case list():
                return [walk(child, path) for child in cast("list[Any]", node)]
            case None:
                return None
            case _:
                pass
        left = any(leave(key) for key in path)
        text, kind = written(node)
        if not (left and only_encrypted):
            covered.update(text.encode())
        return node if left or text == "" else sealed(text, kind, data_key, ":".join(path) + ":")

    body = walk(tree, ())
    recipient = pyrage.x25519.Recipient.from_str(RECIPIENT)
    armored = pyrage.encrypt(data_key, [recipient], armored=True).decode()
    block.setdefault("age", [{"recipient": RECIPIENT, "enc": armored}])
    block.setdefault("lastmodified", LAST_MODIFIED)
    block.setdefault("version", "3.13.3")
    block.setdefault("mac", sealed(covered.hexdigest().upper(), "str", data_key, LAST_MODIFIED))
    return body | {"sops": block}


def write(path: Path, content: dict[str, Any]) -> Path:
    """``content`` as JSON, which is YAML as well, so one writer serves both endings."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    return path
