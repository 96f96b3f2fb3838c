"""Operations on public SSH keys. Without a workspace they are those of the token's workspace, or the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import SshPublicKey
    from railway_api.connections import Page

_KEY = "{ id name publicKey createdAt }"

SSH_KEYS: Operation[Page[SshPublicKey]] = query(
    "sshPublicKeys",
    {"first": "Int", "after": "String"},
    f"{{ edges {{ node {_KEY} }} pageInfo {{ hasNextPage endCursor }} }}",
)
SSH_KEY_CREATE: Operation[SshPublicKey] = mutation("sshPublicKeyCreate", {"input": "SshPublicKeyCreateInput!"}, _KEY)
SSH_KEY_DELETE: Operation[bool] = mutation("sshPublicKeyDelete", {"id": "String!"}, repeatable=True)

OPERATIONS = (SSH_KEYS, SSH_KEY_CREATE, SSH_KEY_DELETE)
