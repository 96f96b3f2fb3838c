"""The relay to the containers, which Railway has at ssh.railway.com: SFTP to the files of a service.

The user name is the id of a service instance, which has to run, and the credential a registered public key. Of a
container's files the sandbox has those on its volume only: all other files are not found, and no command is run.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, cast

import asyncssh
from asyncssh.constants import FXF_READ

from railway_sandbox.faults import Faults
from railway_sandbox.railway.account import ssh_keys
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.records import VolumeInstance, of_service
from railway_sandbox.railway.storage.volumes import WRITTEN_MB
from railway_sandbox.request_log import RequestLog

HOST: Final = "127.0.0.1"
BYTES_PER_MB: Final = 1_000_000


class Relay:
    """A relay that serves from its construction until ``close``."""

    def __init__(self, cloud: RailwayCloud, faults: Faults, log: RequestLog, store: Callable[[], None]) -> None:
        self._cloud = cloud
        self._faults = faults
        self._log = log
        self._store = store
        self.host = HOST
        self._listening: Future[tuple[int, Callable[[], object]]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="ssh relay", daemon=True)
        self._thread.start()
        self.port, self._end = self._listening.result()

    async def _serve(self) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        key = cast("Any", asyncssh).generate_private_key("ssh-ed25519")  # its types are not whole
        try:
            server = await asyncssh.create_server(
                lambda: _SshServer(self), HOST, 0, server_host_keys=[key], sftp_factory=self._files, login_timeout=30
            )
        except OSError as problem:
            self._listening.set_exception(problem)
            return
        self._listening.set_result((server.get_port(), lambda: loop.call_soon_threadsafe(ended.set)))
        async with server:
            await ended.wait()

    def _files(self, channel: asyncssh.SSHServerChannel[Any]) -> _SftpServer:
        return _SftpServer(channel, self)

    def close(self) -> None:
        """End every connection."""
        self._end()
        self._thread.join()

    def lets_in(self, instance_id: str, key: asyncssh.SSHKey) -> bool:
        """Tell whether a service instance runs and a key is registered, and log the attempt."""
        with self._cloud.lock:
            is_registered = any(ssh_keys.blob_of(each.public_key) == key.public_data for each in self._keys())
            accepted = is_registered and self._runs(instance_id)
        self._log.add("ssh", f"login {instance_id}", 200 if accepted else 401)
        return accepted

    def _keys(self) -> list[Any]:
        return list(self._cloud.state.ssh_keys.values())

    def _runs(self, instance_id: str) -> bool:
        instance = self._cloud.state.instances.get(instance_id)
        if instance is None or instance.deleted_at is not None:
            return False
        serving = deployments.live(self._cloud, instance.environment_id, instance.service_id)
        return serving is not None and not serving.stopped

    def disk(self, instance_id: str) -> VolumeInstance | None:
        """Return the volume that a service instance mounts; None where it mounts none."""
        with self._cloud.lock:
            instance = self._cloud.state.instances[instance_id]
            disks = of_service(self._cloud.state.volume_instances, instance.environment_id, instance.service_id)
        return next(iter(disks), None)

    def folder(self, disk: VolumeInstance) -> bytes:
        """Return the folder of this machine that holds the files of a volume, as a path without links."""
        return os.fsencode(os.path.realpath(self._cloud.files.folder(disk.id)))

    def used(self, disk: VolumeInstance) -> int:
        """Return how many bytes the files of a volume have, and store that as its use."""
        used = self._cloud.files.size(disk.id)
        with self._cloud.lock:
            disk.used_mb = WRITTEN_MB + used / BYTES_PER_MB
            self._cloud.touch()
            self._store()
        return used

    def breaks(self, operation: str) -> bool:
        """Log a request, and tell whether a fault breaks the connection in place of an answer."""
        broken = self._faults.take("ssh", operation, "before") is not None
        self._log.add("ssh", operation, "lost" if broken else 200)
        return broken


def _is_in(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder + b"/")


class _SshServer(asyncssh.SSHServer):
    """Authenticates a client of the relay."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def begin_auth(self, username: str) -> bool:
        del username
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._relay.lets_in(username, key)


class _SftpServer(asyncssh.SFTPServer):
    """The files of one container, as far as they are on its volume."""

    def __init__(self, channel: asyncssh.SSHServerChannel[Any], relay: Relay) -> None:
        super().__init__(channel)  # pyright: ignore[reportUnknownMemberType]  (of whatever channel)
        self._relay = relay
        self._disk = relay.disk(str(channel.get_connection().get_extra_info("username")))
        self._used = relay.used(self._disk) if self._disk else 0

    def map_path(self, path: bytes) -> bytes:
        path_ = posixpath.normpath(posixpath.join(b"/", path))
        disk = self._disk
        if disk is not None:
            mount, folder = os.fsencode(disk.mount_path.rstrip("/")), self._relay.folder(disk)
            mapped = folder + path_[len(mount) :]
            below = path_.startswith(mount + b"/") and _is_in(os.path.realpath(posixpath.dirname(mapped)), folder)
            if path_ == mount or below:
                return mapped
        raise asyncssh.SFTPNoSuchFile("No such file or directory")

    def _check_target(self, path: bytes) -> None:
        """Raise ``SFTPNoSuchFile`` for a link to a file of this machine, which no container has."""
        target = os.path.realpath(self.map_path(path))
        if self._disk is None or not _is_in(target, self._relay.folder(self._disk)):
            raise asyncssh.SFTPNoSuchFile("No such file or directory")

    def stat(self, path: bytes) -> Any:
        self._check_target(path)
        return super().stat(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        self._check_target(path)
        async for each in super().scandir(path):
            yield each

    def lstat(self, path: bytes) -> os.stat_result:
        if self._disk and path.endswith(b"/.."):  # above the volume: a folder, of which nothing else is known
            path = os.fsencode(self._disk.mount_path)
        return os.lstat(self.map_path(path))

    def realpath(self, path: bytes) -> bytes:
        return posixpath.normpath(posixpath.join(b"/", path))

    def readlink(self, path: bytes) -> bytes:
        return os.fsencode(Path(os.fsdecode(self.map_path(path))).readlink())

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        self._note("symlink", newpath)
        Path(os.fsdecode(self.map_path(newpath))).symlink_to(os.fsdecode(oldpath))

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        self._note("read" if pflags & FXF_READ else "write", path)
        self._check_target(path)
        return super().open(path, pflags, attrs)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        grows = max(0, offset + len(data) - os.fstat(cast("Any", file_obj).fileno()).st_size)
        if self._disk:
            free = (self._disk.size_mb - WRITTEN_MB) * BYTES_PER_MB - grows
            if self._used > free:  # unless files were deleted or cut meanwhile
                self._used = self._relay.used(self._disk)
            if self._used > free:
                raise asyncssh.SFTPFailure("No space left on device")
        self._used += grows
        super().write(file_obj, offset, data)
        return len(data)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._note("rename", oldpath)
        super().rename(oldpath, newpath)

    def remove(self, path: bytes) -> None:
        self._note("remove", path)
        super().remove(path)

    def exit(self) -> None:
        if self._disk:
            self._relay.used(self._disk)

    def _note(self, operation: str, path: bytes) -> None:
        if self._relay.breaks(f"{operation} {os.fsdecode(path)}"):
            self.connection.abort()
            raise asyncssh.SFTPConnectionLost("Connection lost")
