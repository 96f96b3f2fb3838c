"""One encrypted value: its written form, its cipher and its types.

Owns ``ENC[AES256_GCM,…]`` and the text that each type has under encryption and in the message authentication code.
Source: SOPS 3.13, packages ``aes`` and ``sops``. Knows nothing of files, keys or rules.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sops.loading import Scalar, Timestamp

_BASE64: Final = r"((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)"
_WRITTEN: Final = re.compile(
    rf"ENC\[AES256_GCM,data:(?!,){_BASE64},iv:(?!,){_BASE64},tag:(?!,){_BASE64},"
    r"type:(str|bytes|int|float|bool|time|comment)\]"
)


class Comment(str):
    """An encrypted comment in the place of a list item; neither a value nor covered by the code."""

    __slots__ = ()


def is_encrypted(value: object) -> bool:
    """Tell whether ``value`` has the form of an encrypted value. Says nothing of whether it can be decrypted."""
    return isinstance(value, str) and _WRITTEN.fullmatch(value) is not None


def is_damaged(value: object) -> bool:
    """Tell whether ``value`` begins as an encrypted value does, and is none."""
    return isinstance(value, str) and value.startswith("ENC[") and not is_encrypted(value)


def additional_data(path: Sequence[str]) -> str:
    """Return what ties a value to its place: the keys above it. List indexes are not part of it."""
    return ":".join(path) + ":"


def _decoded(kind: str, data: bytes) -> Scalar:
    text = data.decode()
    match kind:
        case "str" | "bytes":
            return text
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "bool":
            return {"True": True, "true": True, "False": False, "false": False}[text]
        case "time":
            return Timestamp(text)
        case _:
            return Comment(text)


def decrypt(written: str, data_key: bytes, additional: str) -> Scalar:
    """Return the value behind ``written``.

    Raises ValueError, without any detail, when it was not encrypted with this key for this place or is of no type
    that SOPS has.
    """
    match = _WRITTEN.fullmatch(written)
    try:
        if match is not None:
            data, nonce, tag = (b64decode(match[group]) for group in (1, 2, 3))
            return _decoded(match[4], AESGCM(data_key).decrypt(nonce, data + tag, additional.encode()))
    except (InvalidTag, ValueError, KeyError):
        pass
    raise ValueError("cannot be decrypted")


def text(value: Scalar) -> str:
    """Return the text of a value as SOPS encrypts it and as the message authentication code covers it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value)
        case float():
            if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 (not a number, or infinite)
                return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
            return format(Decimal(repr(value)), "f").removesuffix(".0")
        case _:
            return str(value)
