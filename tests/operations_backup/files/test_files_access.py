"""The way to the files of a volume: a key that passes, SFTP, and what has none to show."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import asyncssh
import httpx
import pytest

from railway_sandbox import control
from railway_sandbox.railway.records import SshKey
from railway_sandbox.server import Sandbox
from railyard.data import volume_access
from railyard.data.database import terminable
from tests.operations.conftest import Railyard, pointed
from tests.operations.test_doctor import other_settings
from tests.operations_backup.conftest import disk_of
from tests.operations_backup.files.conftest import WHERE, back_up, disk, keys

__all__ = ["pointed"]


def new_key() -> asyncssh.SSHKey:
    """A key that nobody knows."""
    return cast("Any", asyncssh).generate_private_key("ssh-ed25519")


def test_only_what_runs_shows_its_files(railyard: Railyard):
    """As Railway has it; the command says so before it registers a key."""
    with railyard.world() as world:
        world.newest(WHERE).stopped = True
    said = railyard.run("backup", "files", WHERE, "--create-bucket")

    assert said.code == 1
    assert "does not run, and Railway shows the files of what runs alone" in said.errors
    assert "railway mutation sshPublicKeyCreate" not in railyard.requests()


def test_a_key_that_a_killed_run_left_is_deleted(railyard: Railyard):
    """After a day; keys of other names stay."""
    with railyard.world() as world:
        for name in ("railyard-2026-01-01T000000Z", "laptop"):
            public = new_key().export_public_key().decode()
            made = SshKey(id=name, created_at=0, updated_at=0, name=name, public_key=public, user_id="me")
            world.railway.state.ssh_keys[name] = made
    said = railyard.run("backup", "files", WHERE, "--create-bucket")

    assert "deleting railyard-2026-01-01T000000Z, an SSH key that a killed command left behind" in said.flat
    assert [each.name for each in keys(railyard)] == ["laptop"]


@pytest.mark.needs("sftp")
def test_the_sftp_of_openssh_reads_the_same_files(pointed: Callable[..., None], railyard: Railyard, tmp_path: Path):
    """The relay is SFTP to a program that knows nothing of this project; a key that is not registered opens nothing."""
    pointed()
    key, strange = new_key(), new_key()
    for name, each in (("key", key), ("strange", strange)):
        each.write_private_key(str(tmp_path / name))
        (tmp_path / name).chmod(0o600)
    body = {
        "query": "mutation($input: SshPublicKeyCreateInput!) { sshPublicKeyCreate(input: $input) { id fingerprint } }",
        "variables": {"input": {"name": "laptop", "publicKey": key.export_public_key().decode()}},
    }
    token = {"Authorization": f"Bearer {os.environ['RAILWAY_API_TOKEN']}"}
    made = httpx.post(os.environ["RAILWAY_API_URL"], json=body, headers=token, trust_env=False).json()
    with railyard.world() as world:
        _, service = world.find(WHERE)
        user = next(each.id for each in world.railway.state.instances.values() if each.service_id == service.id)
    port = control.ask(os.environ["RAILWAY_API_URL"].rpartition("/graphql")[0], "PUT", "ssh")["port"]

    def sftp(identity: str) -> subprocess.CompletedProcess[str]:
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-F", "none"]
        where = ["-i", str(tmp_path / identity), "-P", str(port), "-b", "-", f"{user}@127.0.0.1"]
        batch = f"""get "/data/artifacts/deep/page ä'.html" {tmp_path}/page\nls /data\n"""
        return subprocess.run(
            ["sftp", "-q", *options, *where], input=batch, capture_output=True, text=True, check=False, timeout=60
        )

    refused, done = sftp("strange"), sftp("key")

    assert (refused.returncode, refused.stdout) == (255, "")
    assert made["data"]["sshPublicKeyCreate"]["fingerprint"] == key.get_fingerprint()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page").read_bytes() == (disk(railyard) / "artifacts" / "deep" / "page ä'.html").read_bytes()
    assert "omega.db" in done.stdout


def through_the_relay(railyard: Railyard, use: Callable[[asyncssh.SFTPClient], Awaitable[None]]) -> None:
    """Use the files of the service as a client whose key is registered does; the sandbox has to be served."""
    key = new_key()
    with railyard.world() as world:
        public = key.export_public_key().decode()
        world.railway.state.ssh_keys["laptop"] = SshKey(
            id="laptop", created_at=0, updated_at=0, name="laptop", public_key=public, user_id="me"
        )
        _, service = world.find(WHERE)
        user = next(each.id for each in world.railway.state.instances.values() if each.service_id == service.id)

    async def connected() -> None:
        with Sandbox(railyard.directory).serve() as address:
            port = control.ask(address, "PUT", "ssh")["port"]
            async with (
                asyncssh.connect("127.0.0.1", port, username=user, client_keys=[key], known_hosts=None) as connection,
                connection.start_sftp_client() as client,
            ):
                await use(client)

    asyncio.run(connected())


def test_room_that_files_leave_is_free_again(railyard: Railyard):
    """A file that is overwritten, or deleted, in the same session takes no room twice."""
    with railyard.world() as world:
        disk_of(world, WHERE).size_mb = 101  # 1 MB beside what the volume itself takes

    async def use(client: asyncssh.SFTPClient) -> None:
        for name in ("same", "same", "other"):
            async with client.open(f"/data/{name}", "wb") as file:
                await file.write(b"x" * 600_000)

    with pytest.raises(asyncssh.SFTPFailure, match="No space left on device"):
        through_the_relay(railyard, use)

    assert (disk(railyard) / "same").stat().st_size == 600_000
    assert (disk(railyard) / "other").stat().st_size < 600_000


def test_a_link_that_leads_off_the_volume_leads_nowhere(railyard: Railyard, tmp_path: Path):
    """Its target on this machine is in no container: it is neither listed nor read nor deleted."""
    (tmp_path / "precious").write_text("")
    (disk(railyard) / "elsewhere").symlink_to(tmp_path)

    async def use(client: asyncssh.SFTPClient) -> None:
        assert await client.readlink("/data/elsewhere") == str(tmp_path)
        assert "deep" in await client.listdir("/data/artifacts")
        for reach in (client.listdir, client.stat):
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await reach("/data/elsewhere")
        for reach in (client.remove, client.lstat):
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await reach("/data/elsewhere/precious")

    through_the_relay(railyard, use)

    assert (tmp_path / "precious").exists()


def test_a_new_host_is_noted_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Also below a last line that has no end: joined, neither of the two hosts would be known."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    file = tmp_path / ".ssh" / "known_hosts"
    file.write_text("elsewhere.example ssh-ed25519 AAAA")
    key = new_key()

    assert volume_access._FirstUse().validate_host_public_key("ssh.railway.com", "", 22, key)  # pyright: ignore[reportPrivateUsage]
    assert file.read_text().splitlines() == [
        "elsewhere.example ssh-ed25519 AAAA",
        f"ssh.railway.com {key.export_public_key().decode().strip()}",
    ]


def test_what_is_on_a_volume_survives_a_deployment(railyard: Railyard):
    """A mark that was left under one deployment is found under the next; it is no data, and a lost volume shows."""

    def said() -> str:
        done = railyard.run("verify", "omega", "--volumes", "--json")
        return next(each["found"] for each in done.json["checks"] if each["check"] == "volume")

    first, same = said(), said()
    with railyard.world() as world:
        former = world.newest(WHERE).id
        world.deploy(WHERE)
    later = said()
    (disk(railyard) / ".railyard-mark").unlink()

    assert "a mark was left on /data" in first
    assert "the mark of this deployment" in same
    assert later == f"what was written under deployment {former[:8]} is on /data still"
    assert "a mark was left on /data" in said()
    assert back_up(railyard)["files"] == 3


def test_a_volume_is_reached_with_the_token_of_its_system(
    pointed: Callable[..., None], railyard: Railyard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """The key belongs to the account of the system; the stack's token is dead here."""
    omega = "  railyard:omega:\n"
    own = f"{omega}    railway: {{tokenVariable: OMEGA_RAILWAY_TOKEN}}\n"
    other_settings(tmp_path / "settings", monkeypatch, omega, own)
    with railyard.world() as world:
        alive = world.railway.account_token
    pointed(RAILWAY_API_TOKEN="planted-dead-token", OMEGA_RAILWAY_TOKEN=alive)

    checks = railyard.run("verify", "omega", "-s", "staging", "--volumes", "--json").json["checks"]

    (found,) = [each["found"] for each in checks if each["check"] == "volume"]
    assert "a mark was left on /data" in found


def test_a_job_that_is_ended_ends_in_order():
    """By SIGTERM as by Ctrl-C: what is under way is cancelled, and what follows it, the deletion of a key say, runs."""
    ended: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        finally:
            ended.append("work")

    async def deletion() -> None:
        ended.append("deletion")

    with asyncio.Runner() as runner, terminable():
        with pytest.raises(KeyboardInterrupt):
            runner.run(work())
        runner.run(deletion())
    assert ended == ["work", "deletion"]


def test_a_volume_that_is_not_listed_yet_is_not_denied(railyard: Railyard):
    """Railway's list lags behind: the settings have the volume, and that is said."""
    with railyard.world() as world:
        for made in world.railway.state.volumes.values():
            made.listed_at = world.clock.now() + 3_600

    said = railyard.run("backup", "files", WHERE)

    assert said.code == 1
    assert "a new one is listed a minute or two after it was made" in said.errors


@pytest.mark.parametrize(
    ("where", "code", "text"),
    [
        ("omega/nobody", 2, "has no volume"),
        ("netia/postgres", 1, "has no project netia-staging on Railway: bring it up first"),
        ("shop", 2, "has no system 'shop'"),
    ],
)
def test_what_has_no_files_is_told(railyard: Railyard, where: str, code: int, text: str):
    """In one sentence."""
    said = railyard.run("backup", "files", where)

    assert said.code == code
    assert text in said.errors
