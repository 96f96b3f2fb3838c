"""A SOPS file: its keys for everyone, its values for those who hold a key.

Owns reading, the choice of the key and the check of the message authentication code. Only reads: writing, key rotation
and editing stay with the ``sops`` program. Everything that can be checked without a key is checked when the file is
read, so that a preview on a machine without keys still finds a secret in clear text.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from pydantic import ValidationError

from sops import age, program, values
from sops.errors import (
    FileMissingError,
    InvalidFileError,
    KeyMissingError,
    NotEncryptedError,
    TamperedError,
    WrongKeyError,
)
from sops.loading import Node, Scalar, Tree, load
from sops.metadata import KeyGroup, Keys, Metadata

KeyTree = dict[str, "KeyTree | None"]
"""Key → the keys below it, or None for a value or a list."""

# SHA-256 of "sops": begins the hash of a file with mac_only_encrypted, so that the two kinds of code never agree.
_ONLY_ENCRYPTED: Final = hashlib.sha256(b"sops").digest()


def _config(path: Path) -> str:
    """Return the option that names the rules for ``path``: ``sops`` looks from the current folder upwards only."""
    above = path.parent.parent / ".sops.yaml"
    beside = path.parent / ".sops.yaml"
    return f"--config {above if above.exists() and not beside.exists() else beside}"


def _leaves(node: Node, at: Keys = ()) -> Iterator[tuple[Keys, Scalar]]:
    match node:
        case dict():
            for key, child in node.items():
                yield from _leaves(child, (*at, key))
        case list():
            for child in node:
                yield from _leaves(child, at)
        case _:
            yield at, node


def _key_tree(tree: Tree) -> KeyTree:
    return {key: _key_tree(child) if isinstance(child, dict) else None for key, child in tree.items()}


@dataclass(frozen=True, kw_only=True)
class Document:
    """One SOPS file as it was read; made by ``read``. Its ``repr`` shows the path only."""

    path: Path
    tree: Tree = field(repr=False)
    """The keys and the values as they stand in the file, without the sops block."""
    metadata: Metadata = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)

    def keys(self) -> KeyTree:
        """Return all keys, in the order of the file; they are in clear text, so this needs no key."""
        return _key_tree(self.tree)

    def ciphertext(self, path: Keys) -> str | None:
        """Return what the file has at ``path``, None where it has nothing.

        Differs when the value differs; ``sops`` leaves the ciphertext of untouched values as it was. For comparison
        only: values that are not encrypted are in it in clear text.
        """
        node: Node = self.tree
        for key in path:
            if not isinstance(node, dict) or key not in node:
                return None
            node = node[key]
        return json.dumps(node) if isinstance(node, dict | list) else values.text(node)

    def decrypt(self) -> Tree:
        """Return the values. Points in time are given as RFC 3339 text.

        Raises KeyMissingError, WrongKeyError, TamperedError or ProgramError.
        """
        group, *other_groups = self.metadata.groups()
        data_key = None if other_groups else self._data_key(group)
        if data_key is None:
            return program.decrypt(self.path, self.metadata.needs(), self.environment)
        covered = hashlib.sha512(_ONLY_ENCRYPTED if self.metadata.mac_only_encrypted else b"")
        decrypted = cast("Tree", self._decrypted(self.tree, (), data_key, covered.update))
        self._verify(data_key, covered.hexdigest().upper())
        return decrypted

    def check(self) -> None:
        """Check what can be checked without a key. Raises NotEncryptedError, InvalidFileError or TamperedError."""
        rules = self.metadata.rules()
        if len(rules) > 1:
            raise InvalidFileError(f"{self.path} has {' and '.join(rules)} in its sops block; SOPS allows one of them")
        if not self.metadata.groups() or any(group.is_empty() for group in self.metadata.groups()):
            raise InvalidFileError(f"{self.path} names no keys in its sops block, or in a key group; restore the file")
        try:
            damaged_values = {
                ".".join(keys): values.is_damaged(value)
                for keys, value in _leaves(self.tree)
                if value not in (None, "") and self.metadata.encrypts(keys, value) and not values.is_encrypted(value)
            }
        except re.error:
            raise InvalidFileError(
                f"{self.path}: {rules[0]} in its sops block is not a regular expression that is read here; write it "
                "without what only Go's expressions have"
            ) from None
        bare = [name for name, damaged in damaged_values.items() if not damaged]
        if bare:
            raise NotEncryptedError(
                f"in clear text in {self.path}: {', '.join(bare)}; take the lines out, add them again with "
                f"`sops edit {self.path}`, and replace the secrets themselves if the file was ever shared"
            )
        if damaged_values:
            raise self._changed(", ".join(damaged_values))
        if not self.metadata.mac:
            raise TamperedError(f"{self.path} has no message authentication code (sops.mac); {self._remedy}")
        if not values.is_encrypted(self.metadata.mac) or not self.metadata.lastmodified:
            raise TamperedError(f"the message authentication code of {self.path} is invalid; {self._remedy}")

    @property
    def _remedy(self) -> str:
        return f"restore the file, then change it with `sops edit {self.path}`"

    def _changed(self, names: str) -> TamperedError:
        return TamperedError(
            f"{self.path} does not hold what SOPS wrote at {names}: changed by hand, or moved from another key; "
            f"{self._remedy}"
        )

    def _decrypted(self, node: Node, at: Keys, data_key: bytes, cover: Callable[[bytes], object]) -> Node:
        match node:
            case dict():
                return {key: self._decrypted(child, (*at, key), data_key, cover) for key, child in node.items()}
            case list():
                items = [self._decrypted(child, at, data_key, cover) for child in node]
                return [item for item in items if not isinstance(item, values.Comment)]
            case _:
                return self._decrypted_value(node, at, data_key, cover)

    def _decrypted_value(self, node: Scalar, at: Keys, data_key: bytes, cover: Callable[[bytes], object]) -> Scalar:
        encrypted = self.metadata.encrypts(at, node)
        value = node
        if encrypted and node not in (None, ""):
            try:
                value = values.decrypt(str(node), data_key, values.additional_data(at))
            except ValueError:
                raise self._changed(".".join(at)) from None
        if not isinstance(value, values.Comment) and (encrypted or not self.metadata.mac_only_encrypted):
            cover(values.text(value).encode())
        return value

    def _verify(self, data_key: bytes, computed: str) -> None:
        try:
            written = values.decrypt(self.metadata.mac, data_key, self.metadata.lastmodified)
        except ValueError:
            raise TamperedError(f"the message authentication code of {self.path} is invalid; {self._remedy}") from None
        if not hmac.compare_digest(str(written).encode(), computed.encode()):
            raise TamperedError(
                f"{self.path} was changed by something other than SOPS: its message authentication code does not "
                f"match its values; {self._remedy}"
            )

    def _data_key(self, group: KeyGroup) -> bytes | None:
        """Return the data key by age; None where the ``sops`` program has to be asked."""
        searches: list[age.IdentitySearch] = []
        for recipient in group.recipients():
            search = age.identities(self.environment, recipient.public_key)
            data_key = age.open_data_key(recipient, search)
            if data_key is not None:
                return data_key
            searches.append(search)
        if group.other_keys():
            return None
        allowed = " or ".join(recipient.public_key for recipient in group.recipients())
        held = dict.fromkeys(key for search in searches for key in search.public_keys)
        damaged = [recipient.public_key for recipient in group.recipients() if recipient.public_key in held]
        if damaged:
            raise TamperedError(f"the data key for {damaged[0]} in {self.path} is damaged; {self._remedy}")
        if held:
            raise WrongKeyError(
                f"{self.path} is encrypted for {allowed}; the age keys found are those of {', '.join(held)}; ask "
                "someone who can open it to add your public key to the .sops.yaml beside it and to run "
                f"`sops {_config(self.path)} updatekeys {self.path}`"
            )
        raise KeyMissingError(
            f"no age key for {self.path}, which is encrypted for {allowed}; "
            f"looked in {'; '.join(searches[0].searched)}; put the key into a file and set SOPS_AGE_KEY_FILE to its "
            "path"
        )


def read(path: str | Path, environment: Mapping[str, str] | None = None) -> Document:
    """Read a SOPS file, without any key yet. ``environment`` says where keys are; default: that of the process.

    Raises FileMissingError, InvalidFileError, NotEncryptedError or TamperedError.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileMissingError(f"{path} does not exist; create it with `sops {_config(path)} edit {path}`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFileError(f"{path} cannot be read as text ({type(error).__name__})") from None
    tree = load(path, text)
    if "sops" not in tree and any(values.is_encrypted(value) for _, value in _leaves(tree)):
        raise InvalidFileError(f"{path} has encrypted values, but no sops block to open them with; restore the file")
    if "sops" not in tree:
        raise NotEncryptedError(
            f"{path} is not a SOPS file: it has no sops block. If it holds secrets in clear text, encrypt it with "
            f"`sops {_config(path)} encrypt --in-place {path}`, and replace the secrets if the file was ever shared"
        )
    try:
        metadata = Metadata.model_validate(tree.pop("sops"))
    except ValidationError as error:
        location = ".".join(str(part) for part in ("sops", *error.errors()[0]["loc"]))
        raise InvalidFileError(f"{path}: {location} is not as SOPS writes it; restore the file") from None
    document = Document(
        path=path, tree=tree, metadata=metadata, environment=os.environ if environment is None else environment
    )
    document.check()
    return document
