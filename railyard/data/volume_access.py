"""The files of a volume, reached from here: SFTP through Railway's SSH, with a key that lives as long as a command.

Owns the key's life: it is made here, registered with Railway, and deleted whatever happens; its private half is on no
disk. Owns which host is trusted. What is done with the files is ``volume_files``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import asyncssh

from railway_api.documents.account import SSH_KEY_CREATE, SSH_KEY_DELETE, SSH_KEYS
from railway_api.errors import NotFound, OutcomeUnknown
from railyard.accounts.railway_client import Railway
from railyard.data.cleanup import cleaned_up
from railyard.data.database import terminable
from railyard.data.dumps import time_now
from railyard.data.volume_backups import ServiceVolume
from railyard.engine import sandbox_door
from railyard.shared.console import OperationError
from stacks.project_folder import RAILYARD

T = TypeVar("T")

RELAY: Final = ("ssh.railway.com", 22)
"""Host and port of Railway's SSH relay into containers."""
OWN: Final = "railyard-"
"""Prefix of the names of keys that this project made: only those are deleted."""
LEFT_BEHIND: Final = timedelta(days=1)
"""Age from which a key is one of a killed run: no command lasts so long."""
KNOWN_S: Final = 60.0
"""Seconds until a new key has to be accepted."""
RETRY_S: Final = 5.0


@dataclass(frozen=True)
class VolumeConnection:
    """The files of one container."""

    railway: Railway
    sftp: asyncssh.SFTPClient
    mount: str
    """Directory at which its volume is mounted."""
    name: str
    """``staging/omega/bot``."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of work on the files; raises ``OperationError`` when the connection breaks."""
        try:
            return self.railway.run(work)
        except (asyncssh.Error, OSError) as problem:
            raise OperationError(f"the files of {self.name}: {problem}\nnext: run the command again") from None


@contextmanager
def reached(
    railway: Railway, volume: ServiceVolume, name: str, say: Callable[[str], None]
) -> Generator[VolumeConnection]:
    """Yield a connection to a volume's files, with a key of its own; raises ``OperationError`` when it is refused."""
    if volume.service.serving is None or volume.service.instance_id is None:
        raise OperationError(
            f"{name} does not run, and Railway shows the files of what runs alone: {RAILYARD} status {volume.where}"
        )
    key = cast("Any", asyncssh).generate_private_key("ssh-ed25519")  # its types are not whole
    with terminable(), cleaned_up(lambda: _forget(railway, key)):
        _register(railway, key, say)
        say(f"registered an SSH key with Railway for as long as this takes; reaching the files of {name}")
        connection = _connected(railway, volume.service.instance_id, key, name)
        try:
            yield VolumeConnection(railway, railway.run(_sftp(connection)), volume.disk.mount_path.rstrip("/"), name)
        except asyncssh.Error as problem:
            raise OperationError(f"the files of {name}: {problem}\nnext: run the command again") from None
        finally:
            connection.close()
            railway.run(connection.wait_closed())


def _public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


def _register(railway: Railway, key: asyncssh.SSHKey, say: Callable[[str], None]) -> None:
    oldest = datetime.now(UTC) - LEFT_BEHIND
    for each in railway.run(railway.client.list_all(SSH_KEYS)):
        named = each["name"].removeprefix(OWN)
        if named != each["name"] and named < f"{oldest:%Y-%m-%dT%H%M%SZ}":
            say(f"deleting {each['name']}, an SSH key that a killed command left behind")
            railway.run(railway.client.call(SSH_KEY_DELETE, id=each["id"]))
    try:
        key_input = {"name": f"{OWN}{time_now()}", "publicKey": _public(key)}
        railway.run(railway.client.call(SSH_KEY_CREATE, input=key_input))
    except OutcomeUnknown:
        pass  # If it was made, it is let in; it is deleted by what it is.
    except OperationError as error:
        raise OperationError(
            f"Railway registered no SSH key: {error}\nnext: this needs an account token, or a workspace token of an "
            "administrator; a project's token reaches no keys"
        ) from None


def _forget(railway: Railway, key: asyncssh.SSHKey) -> None:
    """Delete the key, also one of which the answer never came."""

    async def delete() -> None:
        for each in await railway.client.list_all(SSH_KEYS):
            if each["publicKey"].split()[:2] == _public(key).split()[:2]:
                try:
                    await railway.client.call(SSH_KEY_DELETE, id=each["id"])
                except NotFound:
                    return

    try:
        railway.run(delete())
    except OperationError as error:
        raise OperationError(
            f"an SSH key named {OWN}… is still registered: {error}\nnext: delete it at "
            "https://railway.com/account/ssh-keys or in the workspace's settings; nobody has its private half"
        ) from None


def _connected(railway: Railway, user: str, key: asyncssh.SSHKey, name: str) -> asyncssh.SSHClientConnection:
    host, port = _relay(railway)
    clock = railway.client.clock
    until = clock.now() + KNOWN_S
    while True:
        try:
            return railway.run(_connect(host, port, user, key, trusts_all=not railway.real))
        except asyncssh.PermissionDenied:
            if clock.now() > until:
                raise OperationError(
                    f"{host} does not let us in to {name}: it has to run, and the token's workspace or user has to be "
                    "a member of its project"
                ) from None
            railway.run(clock.sleep(RETRY_S))
        except asyncssh.HostKeyNotVerifiable:
            raise OperationError(
                f"{host} shows another host key than {_known_hosts()} has: Railway changed it, or another host "
                "is in between. Make sure which, then remove that line"
            ) from None
        except (asyncssh.Error, OSError) as problem:
            raise OperationError(f"{host}:{port} cannot be reached: {problem}") from None


def _relay(railway: Railway) -> tuple[str, int]:
    """Return where the containers are: those of the sandbox never at a host of Railway's."""
    if railway.real:
        return RELAY
    address = railway.client.transport.url.rpartition("/graphql")[0]
    opened = sandbox_door.control(address, "PUT", "ssh")
    return str(opened["host"]), int(opened["port"])


async def _connect(
    host: str, port: int, user: str, key: asyncssh.SSHKey, *, trusts_all: bool
) -> asyncssh.SSHClientConnection:
    file = _known_hosts()
    hosts: Any = None if trusts_all else (str(file) if file.exists() else ())
    return await asyncssh.connect(
        host,
        port,
        username=user,
        client_keys=[key],
        known_hosts=hosts,
        client_factory=_FirstUse,
        # Nothing of the machine's own configuration: no other key, no jump host.
        config=None,
        agent_path=None,
        keepalive_interval=15,
        login_timeout=30,
    )


async def _sftp(connection: asyncssh.SSHClientConnection) -> asyncssh.SFTPClient:
    # Names of files need not be UTF-8.
    return await connection.start_sftp_client(path_errors="surrogateescape")


class _FirstUse(asyncssh.SSHClient):
    """Trust a host without a known key at first use, and note its key, as Railway's own command line does."""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        known = _known_hosts()
        if known.exists() and any(asyncssh.match_known_hosts(str(known), host, addr, port)[:1]):
            return False
        known.parent.mkdir(mode=0o700, exist_ok=True)
        text = known.read_text(encoding="utf-8", errors="replace") if known.exists() else ""
        begin = "" if text.endswith("\n") or not text else "\n"  # a last line without an end would swallow this one
        with known.open("a", encoding="utf-8") as file:
            file.write(f"{begin}{host} {_public(key)}\n")
        return True


def _known_hosts() -> Path:
    return Path.home() / ".ssh" / "known_hosts"
