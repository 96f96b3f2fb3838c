"""The one server of the sandbox: what lasts, what is logged, what goes wrong on demand, and who may serve."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from railway_api.certificates import trusted
from railway_sandbox.addresses import CLOUDFLARE_TOKEN, environment
from railway_sandbox.clock import ManualClock
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.http_messages import Request
from railway_sandbox.railway.records import SshKey
from railway_sandbox.server import Sandbox, SandboxError, reset, running
from railway_sandbox.storage import Database
from tests.clouds.clients import RECORD, RECORDS, SIGNATURE, SpacesClient, ask_railway, log_lines
from tests.lifecycle.conftest import LONGEST_S

# What lasts


def test_everything_is_there_after_a_restart(directory: Path, spaces_at: SpacesClient) -> None:
    """Records, keys, projects, buckets and objects outlive the server."""
    with Sandbox(directory).serve() as address:
        bearer = {"Authorization": f"Bearer {CLOUDFLARE_TOKEN}"}
        httpx.post(
            f"{address}/client/v4{RECORDS}", json=RECORD, headers=bearer, trust_env=False, verify=trusted(address)
        )
        key = httpx.post(
            f"{address}/v2/spaces/keys",
            json={"name": "k", "grants": []},
            headers=bearer,
            trust_env=False,
            verify=trusted(address),
        )
        client = spaces_at(address)
        client.create_bucket(Bucket="seance-cdn")
        client.put_bucket_versioning(Bucket="seance-cdn", VersioningConfiguration={"Status": "Enabled"})
        version = client.put_object(Bucket="seance-cdn", Key="a", Body=b"first")["VersionId"]
        client.put_object(Bucket="seance-cdn", Key="a", Body=b"second")

    again = Sandbox(directory)
    with again.serve() as address:
        client = spaces_at(address)

        assert again.cloudflare.resolve("api.seance.dev", "CNAME") == ["x.up.railway.app"]
        assert again.digitalocean.key(key.json()["key"]["access_key"])["name"] == "k"
        assert client.get_object(Bucket="seance-cdn", Key="a")["Body"].read() == b"second"
        assert client.get_object(Bucket="seance-cdn", Key="a", VersionId=version)["Body"].read() == b"first"


def test_multipart_upload_lasts(directory: Path, spaces_at: SpacesClient) -> None:
    """A finished upload in parts is one object after a restart."""
    with Sandbox(directory).serve() as address:
        client = spaces_at(address)
        client.create_bucket(Bucket="seance-cdn")
        target = {"Bucket": "seance-cdn", "Key": "big"}
        upload = client.create_multipart_upload(**target)["UploadId"]
        part = client.upload_part(**target, UploadId=upload, PartNumber=1, Body=b"a" * 100)
        parts = [{"ETag": part["ETag"], "PartNumber": 1}]
        client.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts})

    with Sandbox(directory).serve() as address:
        assert spaces_at(address).get_object(Bucket="seance-cdn", Key="big")["Body"].read() == b"a" * 100


def test_answer_is_stored_before_it_leaves(sandbox: Sandbox, cloudflare: httpx.Client, directory: Path) -> None:
    """A server that is killed has lost nothing that a client was told."""
    cloudflare.post(RECORDS, json=RECORD)

    stored = Sandbox(directory)  # reads the files while the first still runs

    assert stored.cloudflare.resolve("api.seance.dev", "CNAME") == ["x.up.railway.app"]


def test_line_that_a_crash_cut_short_is_ignored(directory: Path, spaces_at: SpacesClient) -> None:
    """The request of a half-written line was never answered."""
    with Sandbox(directory).serve() as address:
        spaces_at(address).create_bucket(Bucket="seance-cdn")
    with (directory / "spaces.jsonl").open("a") as file:
        file.write('{"sequence": 2, "method": "PU')

    with Sandbox(directory).serve() as address:
        spaces_at(address).create_bucket(Bucket="other")
    with Sandbox(directory).serve() as address:
        names = [bucket["Name"] for bucket in spaces_at(address).list_buckets()["Buckets"]]

    assert names == ["seance-cdn", "other"]


@pytest.mark.parametrize("name", ["clouds.sqlite3", "spaces.jsonl"])
def test_spoiled_file_is_told(directory: Path, name: str) -> None:
    """No traceback for a file that somebody edited, but what to do."""
    directory.mkdir()
    (directory / name).write_text("no JSON\n")

    with pytest.raises(SandboxError, match=f"{name} is not readable .* reset the sandbox"):
        Sandbox(directory)


def test_time_stands_still_between_servers(directory: Path) -> None:
    """A sandbox continues at the simulated second at which it stopped."""
    clock = ManualClock()
    with Sandbox(directory, clock=clock).serve():
        clock.advance(3600)

    again = Sandbox(directory, speed=0.0)

    assert again.clock.now() == 3600


def test_id_is_never_given_twice(directory: Path) -> None:
    """The source of ids continues after a restart."""
    first = Sandbox(directory)
    with first.serve():
        made = first.digitalocean.create_key("one", [])["access_key"]

    assert made != Sandbox(directory).digitalocean.create_key("two", [])["access_key"]


def test_reset_empties_everything(directory: Path, spaces_at: SpacesClient) -> None:
    """After a reset the sandbox is as new."""
    with Sandbox(directory).serve() as address:
        spaces_at(address).create_bucket(Bucket="seance-cdn")
    (directory / "staging.json").write_text("{}")

    reset(directory)

    assert [path.name for path in directory.iterdir()] == ["server.lock"]
    assert not Sandbox(directory).spaces.owns("seance-cdn")


def test_reset_leaves_other_directories_alone(tmp_path: Path) -> None:
    """A directory that is no sandbox keeps its files."""
    (tmp_path / "precious").write_text("")

    with pytest.raises(SandboxError, match="no sandbox directory"):
        reset(tmp_path)

    assert (tmp_path / "precious").exists()


def test_a_folder_with_programs_of_pulumi_is_no_sandbox(tmp_path: Path) -> None:
    """A folder called pulumi alone says nothing: many repositories have one, and a reset would delete all of it."""
    (tmp_path / "pulumi").mkdir()
    (tmp_path / "pulumi" / "__main__.py").write_text("")

    with pytest.raises(SandboxError, match="no sandbox directory"):
        reset(tmp_path)

    assert (tmp_path / "pulumi" / "__main__.py").exists()


def test_a_record_that_is_set_after_its_removal_is_not_stored(directory: Path) -> None:
    """Who still holds it, an open connection for example, must not keep every later change from being stored."""
    sandbox = Sandbox(directory)
    key = SshKey(id="k", created_at=0, updated_at=0, name="laptop", public_key="", user_id="me")
    sandbox.railway.state.ssh_keys["k"] = key
    del sandbox.railway.state.ssh_keys["k"]

    key.name = "other"
    sandbox.cloudflare.change_universal_ssl(ZONE_IDS["seance.dev"], enabled=False)
    sandbox.save()

    stored = Sandbox(directory)
    assert not stored.railway.state.ssh_keys
    assert not stored.cloudflare.universal_ssl(ZONE_IDS["seance.dev"])


def test_only_the_owner_reads_the_files(address: str, directory: Path, spaces: Any, cloudflare: httpx.Client) -> None:
    """State, objects and log may hold private things."""
    cloudflare.post(RECORDS, json=RECORD)
    spaces.create_bucket(Bucket="seance-cdn")

    assert {0o600} == {path.stat().st_mode & 0o777 for path in directory.iterdir()}


# Who may serve


def test_second_server_is_refused(address: str, directory: Path) -> None:
    """One directory, one server; the refusal says where the other is."""
    with pytest.raises(SandboxError, match=address), Sandbox(directory).serve():
        pass


def test_reset_is_refused_while_serving(address: str, directory: Path) -> None:
    """Nobody pulls the directory away from a running server."""
    with pytest.raises(SandboxError, match=address):
        reset(directory)


def test_running_server_is_found(directory: Path) -> None:
    """Another command learns the address of a running server, and that there is none."""
    with Sandbox(directory).serve() as address:
        server = running(directory)

    assert (address, None) == (server, running(directory))


def test_note_of_a_killed_server_is_not_believed(directory: Path) -> None:
    """A server that was killed leaves its note behind, but not its lock."""
    program = (
        "import sys, pathlib; from railway_sandbox.server import Sandbox\n"
        "with Sandbox(pathlib.Path(sys.argv[1])).serve() as address: print(address, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        alive = running(directory)
        process.kill()

    assert address == alive
    assert (directory / "server.json").exists()
    assert running(directory) is None


def test_change_by_another_server_is_seen(directory: Path, spaces_at: SpacesClient) -> None:
    """A sandbox that waited for the directory serves what is there by then."""
    waiting = Sandbox(directory)
    with Sandbox(directory).serve() as address:
        spaces_at(address).create_bucket(Bucket="seance-cdn")

    with waiting.serve() as address:
        assert [bucket["Name"] for bucket in spaces_at(address).list_buckets()["Buckets"]] == ["seance-cdn"]


def test_port_in_use_is_told(address: str, tmp_path: Path) -> None:
    """A port that somebody has is an error for people."""
    port = int(address.rpartition(":")[2])

    with pytest.raises(SandboxError, match=f"port {port}"), Sandbox(tmp_path / "other").serve(port):
        pass


def test_looking_on_changes_nothing(address: str, directory: Path, spaces: Any) -> None:
    """A sandbox that only reads leaves a line alone that the running server is still writing."""
    spaces.create_bucket(Bucket="seance-cdn")
    with (directory / "spaces.jsonl").open("a") as file:
        file.write('{"sequence": 2, "method": "PU')
    before = (directory / "spaces.jsonl").read_bytes()

    Sandbox(directory)

    assert (directory / "spaces.jsonl").read_bytes() == before


# HTTP


def test_body_is_asked_for_at_once(address: str) -> None:
    """A client that waits for "100 Continue" does not wait long."""
    head = f"POST /v2/projects HTTP/1.1\r\nHost: {address.removeprefix('http://')}\r\nAuthorization: Bearer x\r\n"
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=LONGEST_S) as connection:
        connection.sendall(f"{head}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n".encode())

        assert connection.recv(100).startswith(b"HTTP/1.1 100")


def test_connection_is_kept_alive(address: str) -> None:
    """Several requests share one connection."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    connection.request("GET", "/v2/account", headers={"Authorization": "Bearer x"})
    connection.getresponse().read()
    first = connection.sock
    connection.request("GET", "/v2/account", headers={"Authorization": "Bearer x"})
    second = connection.getresponse().status

    assert (first, 200) == (connection.sock, second)
    connection.close()


@pytest.mark.parametrize("target", ["https://api.github.com/", "http://example.com/"])
def test_stray_request_is_refused_and_logged(address: str, directory: Path, target: str) -> None:
    """A program that tries to leave the sandbox gets 502, and stands in the log."""
    with httpx.Client(proxy=address, trust_env=False, verify=trusted(address)) as client:
        try:
            status = client.get(target).status_code
        except httpx.ProxyError:
            status = 502

    assert status == 502
    assert [(line["api"], line["status"]) for line in log_lines(directory)] == [("proxy", 502)]


def test_unknown_path_is_not_found(address: str) -> None:
    """Nothing but the simulated APIs is served."""
    assert httpx.get(f"{address}/elsewhere", trust_env=False, verify=trusted(address)).status_code == 404


def test_same_answer_in_process(sandbox: Sandbox) -> None:
    """A caller in the same process needs no port."""
    request = Request(
        method="GET", host="127.0.0.1", path="/client/v4/zones", headers={"authorization": "Bearer token"}
    )

    assert len(json.loads(sandbox.handle(request).body)["result"]) == 4


def test_environment_points_at_every_api() -> None:
    """Everything that a program and its plugins need, and nothing that leaves loopback."""
    variables = environment("http://127.0.0.1:1", speed=50)

    assert variables["RAILWAY_API_URL"] == "http://127.0.0.1:1/graphql/v2"
    assert variables["CLOUDFLARE_BASE_URL"] == "http://127.0.0.1:1/client/v4"
    assert (variables["DIGITALOCEAN_API_URL"], variables["HTTP_PROXY"]) == ("http://127.0.0.1:1", "http://127.0.0.1:1")
    assert variables["RAILWAY_SANDBOX_SPEED"] == "50"


def test_a_state_of_another_version_is_refused_with_the_way_out(tmp_path):
    """Code that no longer knows a stored field says so, and how to begin anew, in place of a traceback."""
    with Sandbox(tmp_path / "box").serve():
        pass
    database = Database(tmp_path / "box" / "clouds.sqlite3")
    database.write([("railway/projects", [], {"1": json.dumps({"id": "1", "unknown": True})})])

    with pytest.raises(SandboxError, match="railyard sandbox reset"):
        Sandbox(tmp_path / "box")


def test_the_file_of_an_older_version_is_refused_with_the_way_out(directory: Path) -> None:
    """A sandbox from before the database says how to begin anew, and a reset does it."""
    directory.mkdir()
    (directory / "clouds.json").write_text("{}")

    with pytest.raises(SandboxError, match="railyard sandbox reset"):
        Sandbox(directory)
    reset(directory)
    assert Sandbox(directory).railway.state.projects == {}


def test_a_write_stores_what_changed_and_nothing_else(directory: Path) -> None:
    """A killed server has lost nothing, and a write does not touch the rows of the rest of the account."""
    sandbox = Sandbox(directory, clock=ManualClock())
    written: list[str] = []
    with sandbox.serve() as address:
        workspace = next(iter(sandbox.railway.state.workspaces))
        create = 'mutation($w: String!) { projectCreate(input: { name: "shop", workspaceId: $w }) { id } }'
        project = ask_railway(address, create, {"w": workspace}).json()["data"]["projectCreate"]["id"]
        connection = sandbox.storage.database.connection
        assert connection is not None
        connection.set_trace_callback(written.append)
        rename = 'mutation($p: String!) { projectUpdate(id: $p, input: { name: "other" }) { id } }'
        ask_railway(address, rename, {"p": project})
        connection.set_trace_callback(None)
        stored = Sandbox(directory).railway.state  # read while the first still runs

    rows = {text.split("'")[1] for text in written if text.startswith("INSERT")}
    assert rows == {"sandbox", "facts", "railway/projects", "railway/rates"}
    assert stored.projects[project].name == "other"


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 1000\r\n\r\nhalf of it", b"Transfer-Encoding: chunked\r\n\r\n3e8\r\nhalf of it"],
    ids=["length", "chunked"],
)
def test_an_upload_whose_client_is_killed_stores_nothing(address: str, spaces: Any, body: bytes) -> None:
    """The part that arrived is not the object, and as the object it would replace the whole one from before."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.put_object(Bucket="seance-cdn", Key="a", Body=b"whole")
    head = f"PUT http://seance-cdn.sfo3.digitaloceanspaces.com/a HTTP/1.1\r\nAuthorization: {SIGNATURE}\r\n"
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=LONGEST_S) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(100)

    assert answer.startswith(b"HTTP/1.1 400")
    assert spaces.get_object(Bucket="seance-cdn", Key="a")["Body"].read() == b"whole"


def test_an_object_may_have_a_key_that_is_a_path_of_the_sandbox(spaces: Any) -> None:
    """The paths below /sandbox/ are the server's own; at the hosts of Spaces they are objects as all others."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.put_object(Bucket="seance-cdn", Key="sandbox/faults", Body=b"mine")

    assert spaces.get_object(Bucket="seance-cdn", Key="sandbox/faults")["Body"].read() == b"mine"
