"""The ``sops`` block of a file: who can open it, which values are encrypted, and the code over all values.

Owns the block's shape and the meaning of its rules. Source: SOPS 3.13, ``stores/stores.go`` for the names and
``Tree.shouldBeEncrypted`` for the rules. Opens nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sops.age import Recipient
from sops.loading import Scalar
from sops.values import is_encrypted

Keys = tuple[str, ...]
"""The keys from the top of the file down to one value; list indexes are not part of it."""

_OTHER_KEYS: Final = {
    "pgp": "PGP",
    "kms": "AWS KMS",
    "gcp_kms": "Google Cloud KMS",
    "hckms": "Huawei Cloud KMS",
    "azure_kv": "Azure Key Vault",
    "hc_vault": "HashiCorp Vault",
}
_CLASSES: Final = {
    "[:alpha:]": "A-Za-z", "[:digit:]": "0-9", "[:alnum:]": "0-9A-Za-z", "[:upper:]": "A-Z", "[:lower:]": "a-z",
    "[:word:]": "0-9A-Za-z_", "[:xdigit:]": "0-9A-Fa-f", "[:space:]": r"\t-\r ", "[:blank:]": r"\t ",
    "[:punct:]": r"!-/:-@\[-`{-~", "[:graph:]": "!-~", "[:print:]": " -~", "[:cntrl:]": r"\x00-\x1f\x7f",
    "[:ascii:]": r"\x00-\x7f",
}  # fmt: skip
"""Characters of the named classes of Go's regular expressions, which Python does not have."""


def _search(pattern: str, key: str) -> object:
    for name, characters in _CLASSES.items():
        pattern = pattern.replace(name, characters)
    if re.search(r"\[:\^\w+:\]", pattern):
        raise re.error("the complement of a named class")
    return re.search(pattern, key, re.ASCII)


_RULES: Final[dict[str, tuple[bool, Callable[[str, str], object]]]] = {
    # rule: (whether matching values are encrypted, how a key matches)
    "unencrypted_suffix": (False, lambda suffix, key: key.endswith(suffix)),
    "encrypted_suffix": (True, lambda suffix, key: key.endswith(suffix)),
    "unencrypted_regex": (False, _search),
    "encrypted_regex": (True, _search),
}
_COMMENT_RULES: Final = ("unencrypted_comment_regex", "encrypted_comment_regex")
_ARMORED: Final = r"(?s)^-----BEGIN AGE ENCRYPTED FILE-----\n.*\n-----END AGE ENCRYPTED FILE-----\s*$"


class _AgeEntry(BaseModel):
    recipient: str = Field(min_length=1)
    enc: str = Field(pattern=_ARMORED)


class KeyGroup(BaseModel):
    """The keys of which any one opens the file, or its part of the data key."""

    age: list[_AgeEntry] = []
    pgp: list[Any] = []
    kms: list[Any] = []
    gcp_kms: list[Any] = []
    hckms: list[Any] = []
    azure_kv: list[Any] = []
    hc_vault: list[Any] = []

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, block: object) -> object:
        """Leave out ``null``, which older versions of SOPS wrote into JSON files for kinds of key that are not used."""
        if not isinstance(block, dict):
            return block
        return {name: value for name, value in cast("dict[str, Any]", block).items() if value is not None}

    def recipients(self) -> list[Recipient]:
        """Return the age recipients that can be used in process."""
        entries = [Recipient(public_key=entry.recipient, encrypted_data_key=entry.enc) for entry in self.age]
        return [recipient for recipient in entries if recipient.native]

    def other_keys(self) -> list[str]:
        """Return the kinds of key that only the ``sops`` program can use, by name."""
        other_services = [f"keys of {name}" for kind, name in _OTHER_KEYS.items() if getattr(self, kind)]
        return other_services + (
            ["keys of age (SSH, plugin or post-quantum)"] if len(self.recipients()) < len(self.age) else []
        )

    def is_empty(self) -> bool:
        """Tell whether the group names no key."""
        return not self.age and not self.other_keys()


class Metadata(KeyGroup):
    """The block as a whole. What is not used here is left out."""

    model_config = ConfigDict(extra="ignore", strict=True)

    version: str = Field(pattern=r"^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}([-+][0-9A-Za-z.+-]+)?$")
    """Version of SOPS that wrote the file; it reads none without."""
    key_groups: list[KeyGroup] = []
    lastmodified: str = ""
    mac: str = ""
    mac_only_encrypted: bool = False
    unencrypted_suffix: str = ""
    encrypted_suffix: str = ""
    unencrypted_regex: str = ""
    encrypted_regex: str = ""
    unencrypted_comment_regex: str = ""
    encrypted_comment_regex: str = ""

    def groups(self) -> list[KeyGroup]:
        """Return the key groups; keys at the top of the block are the only group then."""
        return self.key_groups if self.is_empty() else [self]

    def needs(self) -> str:
        """Return which keys open the file, for errors."""
        groups = self.groups()
        if len(groups) > 1:
            return f"needs keys of several of its {len(groups)} key groups"
        age = [recipient.public_key for recipient in groups[0].recipients()]
        return f"is encrypted for {' or '.join([*age, *groups[0].other_keys()])}"

    def rules(self) -> list[str]:
        """Return the names of the rules that are set. SOPS allows one."""
        return [rule for rule in (*_RULES, *_COMMENT_RULES) if getattr(self, rule)]

    def encrypts(self, keys: Keys, value: Scalar) -> bool:
        """Tell whether the value at ``keys`` ought to be encrypted. Raises re.error if a rule is no regular expression.

        Rules about comments are answered from the value's form: comments are not at hand, and if anything was
        exchanged the code no longer matches.
        """
        rule, *_ = [*self.rules(), "unencrypted_suffix"]
        if rule in _COMMENT_RULES:
            return is_encrypted(value)
        encrypts, matches = _RULES[rule]
        pattern = str(getattr(self, rule)) or "_unencrypted"
        return encrypts == any(matches(pattern, key) for key in keys)
