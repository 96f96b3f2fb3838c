"""Public SSH keys, which open the containers of an account.

Owns their operations. Whose a key is follows from the token: a workspace's token makes keys of the workspace, an
account's the user's own unless it names a workspace. Who connects with one is ``ssh_relay``'s.
"""

from __future__ import annotations

import base64
import hashlib

from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.errors import Refused, invalid, not_found
from railway_sandbox.railway.records import SshKey


def blob_of(public_key: str) -> bytes:
    """Return the key itself of a line ``ssh-ed25519 AAAA… comment``; raises ``Refused``."""
    kind, _, encoded = public_key.strip().partition(" ")
    try:
        blob = base64.b64decode(encoded.split(" ")[0], validate=True)
    except ValueError:
        blob = b""
    if not blob or blob[4 : 4 + len(kind)] != kind.encode():
        raise invalid("publicKey")
    return blob


def fingerprint(key: SshKey) -> str:
    """Return what OpenSSH shows of a key."""
    digest = hashlib.sha256(blob_of(key.public_key)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _owner(caller: Caller, workspace_id: str | None) -> str | None:
    """Return the workspace whose keys are meant, None for those of the user."""
    caller.require("account", "workspace")
    if workspace_id is not None:
        return caller.workspace(workspace_id).id
    return caller.token.workspace_id


def _of(caller: Caller, workspace_id: str | None) -> list[SshKey]:
    owner = _owner(caller, workspace_id)
    return [key for key in caller.cloud.state.ssh_keys.values() if key.workspace_id == owner]


def _create(caller: Caller, arguments: Arguments) -> SshKey:
    inputs = arguments["input"]
    owner = _owner(caller, inputs.get("workspaceId"))
    blob = blob_of(inputs["publicKey"])
    if any(blob_of(key.public_key) == blob for key in caller.cloud.state.ssh_keys.values()):
        raise Refused("SSH key already exists")
    key = SshKey(
        id=caller.cloud.new_id(),
        created_at=caller.now,
        updated_at=caller.now,
        name=inputs["name"],
        public_key=inputs["publicKey"].strip(),
        user_id=None if owner else caller.cloud.state.user_id,
        workspace_id=owner,
    )
    caller.cloud.state.ssh_keys[key.id] = key
    return key


def _delete(caller: Caller, arguments: Arguments) -> bool:
    caller.require("account", "workspace")
    key = caller.cloud.state.ssh_keys.get(arguments["id"])
    if key is None or key not in _of(caller, key.workspace_id):
        raise not_found("SshPublicKey")
    del caller.cloud.state.ssh_keys[key.id]
    return True


QUERIES: Operations = {"sshPublicKeys": lambda caller, arguments: _of(caller, arguments.get("workspaceId"))}
MUTATIONS: Operations = {"sshPublicKeyCreate": _create, "sshPublicKeyDelete": _delete}
FIELDS: FieldResolvers = {"SshPublicKey.fingerprint": lambda _caller, key, _arguments: fingerprint(key)}
