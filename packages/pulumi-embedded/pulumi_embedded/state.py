"""The state file: Pulumi's deployment format, version 3, with secrets encrypted by a passphrase.

Owns the record of one resource, its JSON form and the encryption of secrets, all as the Pulumi CLI reads and writes
them: ``pulumi stack import`` takes this file. Does not know when to save; that is the journal's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets as random_source
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pulumi_operations.values import (
    SECRET,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_ON_THE_WIRE,
    Properties,
    Secret,
    as_object,
    each_inside,
    plain,
    secret,
)

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"
_ROUNDS: Final = 1_000_000  # sdk/go/common/resource/config/crypt.go
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 8
_PROOF: Final = "pulumi"  # what the salt line carries encrypted, so that a wrong passphrase is noticed at once


class StateError(Exception):
    """The state file or its journal cannot be used; the text says why and what to do."""


@dataclass(kw_only=True)
class Resource:
    """One resource of the state, with the field names of Pulumi's ``ResourceV3`` in snake case."""

    urn: str
    custom: bool = False
    delete: bool = False
    """Replaced already, and waiting for its deletion."""
    id: str = ""
    type: str
    inputs: Properties = field(default_factory=dict[str, Any])
    outputs: Properties = field(default_factory=dict[str, Any])
    parent: str = ""
    protect: bool = False
    dependencies: list[str] = field(default_factory=list[str])
    init_errors: list[str] = field(default_factory=list[str])
    """The reasons why its initialization failed; the next run updates it."""
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict[str, "list[str]"])
    pending_replacement: bool = False
    additional_secret_outputs: list[str] = field(default_factory=list[str])
    custom_timeouts: dict[str, float] = field(default_factory=dict[str, float])
    """Seconds by ``create``, ``update``, ``delete``, ``read``."""
    import_id: str = ""
    deleted_with: str = ""
    created: str = ""
    modified: str = ""
    ignore_changes: list[str] = field(default_factory=list[str])
    replace_on_changes: list[str] = field(default_factory=list[str])
    place: int = -1
    """Position in the state this run began with; -1 for a new record. Not saved."""

    @property
    def name(self) -> str:
        """Return the last part of the URN."""
        return self.urn.split("::", 3)[3]

    @property
    def is_provider(self) -> bool:
        """Tell whether this is a provider, not something a provider manages."""
        return self.type.startswith(PROVIDER_PREFIX)

    def depends_on(self) -> set[str]:
        """Return URNs of everything that must outlive this resource."""
        dependencies = {*self.dependencies, *(urn for urns in self.property_dependencies.values() for urn in urns)}
        return (dependencies | {self.parent, self.deleted_with, self.provider.rpartition("::")[0]}) - {""}

    def renamed(self, urns: Mapping[str, str]) -> None:
        """Let every reference to a renamed resource (old URN → new URN) follow it."""

        def now(urn: str) -> str:
            return urns.get(urn, urn)

        self.parent, self.deleted_with = now(self.parent), now(self.deleted_with)
        self.dependencies = [now(urn) for urn in self.dependencies]
        self.property_dependencies = {
            key: [now(urn) for urn in each] for key, each in self.property_dependencies.items()
        }
        if self.provider:
            urn, _, id_ = self.provider.rpartition("::")
            self.provider = f"{now(urn)}::{id_}"

    def forgets(self, remaining: set[str]) -> None:
        """Drop references to resources outside of ``remaining``, a set of URNs."""
        self.dependencies = [urn for urn in self.dependencies if urn in remaining]
        self.property_dependencies = {
            key: [urn for urn in urns if urn in remaining] for key, urns in self.property_dependencies.items()
        }
        self.deleted_with = self.deleted_with if self.deleted_with in remaining else ""
        self.parent = self.parent if self.parent in remaining else ""


@lru_cache(maxsize=16)
def _derive(passphrase: str, salt: bytes) -> AESGCM:
    # A third of a second of work by design: once per process and salt.
    return AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS))


class Vault:
    """Encrypt and decrypt secrets as Pulumi's passphrase secrets manager does (pkg/secrets/passphrase)."""

    def __init__(self, passphrase: str, salt: str = "") -> None:
        """Take the salt line of an existing state; without one, draw a new salt when it is first needed."""
        self.salt = salt
        self._passphrase = passphrase
        self._key: AESGCM | None = None
        self._known: dict[str, str] = {}

    def _cipher(self) -> AESGCM:
        if self._key is None:
            if self.salt:
                salt, _, proof = self.salt.removeprefix("v1:").partition(":")
                self._key = _derive(self._passphrase, base64.b64decode(salt))
                if self.decrypt(proof) != _PROOF:
                    raise StateError("the state file's salt is damaged")
            else:
                salt_bytes = random_source.token_bytes(_SALT_BYTES)
                self._key = _derive(self._passphrase, salt_bytes)
                self.salt = f"v1:{base64.b64encode(salt_bytes).decode()}:{self.encrypt(_PROOF)}"
        return self._key

    def encrypt(self, text: str) -> str:
        """Return ``v1:<nonce>:<ciphertext>``; the same for the same text, so that unchanged secrets stay so on disk."""
        if text not in self._known:
            nonce = random_source.token_bytes(_NONCE_BYTES)
            sealed = self._cipher().encrypt(nonce, text.encode(), None)
            self._known[text] = f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"
        return self._known[text]

    def decrypt(self, sealed: str) -> str:
        """Return the text that ``encrypt`` was given. Raises ``StateError`` when the passphrase is another one."""
        _, nonce, ciphertext = sealed.split(":")
        try:
            text = self._cipher().decrypt(base64.b64decode(nonce), base64.b64decode(ciphertext), None).decode()
        except InvalidTag:
            message = (
                "incorrect passphrase: the state was encrypted with another one; set PULUMI_CONFIG_PASSPHRASE to it"
            )
            raise StateError(message) from None
        self._known[text] = sealed
        return text


def encode_value(value: Any, vault: Vault) -> Any:
    """Return a property value as the JSON of the state file."""
    if isinstance(value, Secret):
        text = json.dumps(encode_value(plain(value), vault), separators=(",", ":"), ensure_ascii=False)
        return {SIGNATURE: SECRET, "ciphertext": vault.encrypt(text)}
    if value is UNKNOWN:
        return UNKNOWN_ON_THE_WIRE
    return each_inside(value, lambda item: encode_value(item, vault))


def decode_value(value: Any, vault: Vault) -> Any:
    """Return the value that ``encode_value`` was given; secrets in plain text (``--show-secrets``) are taken too."""
    marked = as_object(value)
    if marked.get(SIGNATURE) == SECRET:
        text = marked["plaintext"] if "plaintext" in marked else vault.decrypt(marked["ciphertext"])
        return secret(decode_value(json.loads(text), vault))
    if value == UNKNOWN_ON_THE_WIRE:
        return UNKNOWN
    return each_inside(value, lambda item: decode_value(item, vault))


def in_clear(value: Any, vault: Vault) -> Any:
    """Return the JSON of a state file with its secrets in plain text, as ``--show-secrets`` writes them."""
    marked = as_object(value)
    if marked.get(SIGNATURE) == SECRET and "ciphertext" in marked:
        return {SIGNATURE: SECRET, "plaintext": vault.decrypt(marked["ciphertext"])}
    return each_inside(value, lambda item: in_clear(item, vault))


def _camel(name: str) -> str:
    return "importID" if name == "import_id" else re.sub(r"_(\w)", lambda match: match[1].upper(), name)


_PARTS_OF_A_URN: Final = 4
_TYPES: Final = {"str": str, "bool": bool, "int": int, "list": list, "dict": dict, "Properties": (dict, Secret)}
_SHAPES: Final = {each.name: _TYPES[str(each.type).partition("[")[0]] for each in fields(Resource)}
"""The type of each field of a record."""
_FIELDS: Final = {each.name: _camel(each.name) for each in fields(Resource) if each.name != "place"}


def encode_resource(resource: Resource, vault: Vault) -> dict[str, Any]:
    """Return the record as JSON; what is empty is left out, as the CLI does."""
    record: dict[str, Any] = {}
    for name, key in _FIELDS.items():
        value = getattr(resource, name)
        if name in ("inputs", "outputs"):
            value = encode_value(value, vault)
        if value or name == "custom":
            record[key] = value
    return record


def decode_resource(record: Mapping[str, Any], vault: Vault, place: int = -1) -> Resource:
    """Return the resource of a JSON record; fields this engine does not use are left out.

    Raises ``TypeError`` for a record of another shape.
    """
    fields = {name: record[key] for name, key in _FIELDS.items() if record.get(key) is not None}
    for name in ("inputs", "outputs"):
        fields[name] = decode_value(record.get(name) or {}, vault)
    if isinstance(by_name := fields.get("property_dependencies"), dict):  # Go writes null for a list that is empty
        fields["property_dependencies"] = {
            key: [] if urns is None else urns for key, urns in cast("dict[str, Any]", by_name).items()
        }
    for name, value in fields.items():
        _check_shape(name, value)
    if fields["urn"].count("::") < _PARTS_OF_A_URN - 1:
        raise TypeError("urn")
    return Resource(**fields, place=place)


def _check_shape(name: str, value: Any) -> None:
    """Raise ``TypeError`` where a field of a record has another type than it has here."""
    if not isinstance(value, _SHAPES[name]):
        raise TypeError(name)
    lists: list[Any] = [value] if _SHAPES[name] is list else []
    if name == "property_dependencies":
        lists = [*cast("dict[str, Any]", value).values()]
    for each in lists:
        if not isinstance(each, list) or not all(isinstance(text, str) for text in cast("list[Any]", each)):
            raise TypeError(name)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Hold what a state file says."""

    resources: tuple[Resource, ...]
    pending_creates: tuple[Resource, ...]
    """Creates that were begun and of which no outcome is known."""
    vault: Vault


def parse_deployment(text: str, passphrase: str, path: Path) -> Deployment:
    """Read the text of a state file; raises ``StateError`` for one that is damaged, an empty one among them."""
    try:
        return _deployment(json.loads(text), passphrase, path)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        message = (
            f"{path} is not a Pulumi state file; the one from before the last run is {path.name}.former, if there is "
            "one, and `pulumi stack export` writes one"
        )
        raise StateError(message) from None


def _deployment(document: Any, passphrase: str, path: Path) -> Deployment:
    """Return what the JSON of a state file says; raises what Python raises where it has another shape."""
    version = document["version"]
    if version != 3:
        raise StateError(
            f"{path} has state version {version}; this engine reads version 3: `pulumi stack export` again"
        )
    deployment: dict[str, Any] = {**document["deployment"]}
    manager: dict[str, Any] = {**(deployment.get("secrets_providers") or {})}
    if manager.get("type", "passphrase") != "passphrase":
        raise StateError(f"{path} keeps its secrets with {manager['type']!r}; that needs the Pulumi CLI")
    keys: dict[str, Any] = {**(manager.get("state") or {})}
    vault = Vault(passphrase, keys.get("salt", ""))
    resources, operations = (_records(deployment, key) for key in ("resources", "pending_operations"))
    # A record that waits for its replacement was deleted at the provider already.
    records = [each for each in resources if not each.get("pendingReplacement")]
    for record in records:
        # Both would be deleted here, and are not to be.
        if record.get("external") or record.get("retainOnDelete"):
            raise StateError(f"{path} has {record['urn']}, which only the Pulumi CLI knows to leave alone: use that")
    pending = [each for each in operations if each.get("type") == "creating"]
    return Deployment(
        resources=tuple(decode_resource(record, vault, place) for place, record in enumerate(records)),
        pending_creates=tuple(decode_resource(each["resource"], vault) for each in pending),
        vault=vault,
    )


def _records(deployment: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    records = deployment.get(key)
    if records is not None and not isinstance(records, list):
        raise TypeError(key)
    return cast("list[dict[str, Any]]", records or [])


def render_deployment(resources: list[Resource], pending_creates: list[Resource], vault: Vault) -> str:
    """Return the text of a state file."""
    records = [encode_resource(resource, vault) for resource in resources]
    pending = [{"resource": encode_resource(each, vault), "type": "creating"} for each in pending_creates]
    # The CLI demands a time here, and a magic number that fits the version unless both are empty.
    deployment: dict[str, Any] = {"manifest": {"time": timestamp(), "magic": "", "version": ""}}
    if vault.salt:
        deployment["secrets_providers"] = {"type": "passphrase", "state": {"salt": vault.salt}}
    deployment["resources"] = records
    if pending:
        deployment["pending_operations"] = pending
    return json.dumps({"version": 3, "deployment": deployment}, indent=4) + "\n"


def write_durably(path: Path, text: str) -> None:
    """Replace a file so that a crash leaves either the old or the new one; readable by its owner only."""
    temporary = path.with_name(path.name + ".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def timestamp() -> str:
    """Return now, in the form of the state file."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
