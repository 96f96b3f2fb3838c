"""Whatever dies in between, the next sweep leaves nothing; and it takes nothing that is somebody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from railway_sandbox.http_messages import Request, Response
from railway_sandbox.server import Sandbox
from railyard.accounts.spaces_client import spaces_client
from railyard.engine import operate
from railyard.engine.engine import code_of
from tests.environments.conftest import Project, left, said
from tests.lifecycle.conftest import LONGEST_S

LOOKS = 12
"""Requests by which a sweep knows what there is: twice, for the second time when nobody works on it any more."""
NOTHING: dict[str, list[str]] = {}


@contextmanager
def dying(project: Project, after: int) -> Iterator[list[str]]:
    """Serve the clouds; the request with the number ``after`` is the last thing that the command does.

    Every second time it has its effect before the command dies, of which nobody hears then.
    """
    sandbox, seen, gone = Sandbox(project.directory), list[str](), threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    def answer(request: Request) -> Response:
        if request.path.startswith("/sandbox/"):
            return sandbox.handle(request)
        if gone.is_set():
            return Response(status=503, lost=True)
        seen.append(f"{request.method} {request.host}{request.path}")
        if len(seen) == after:
            gone.set()
            if after % 2:
                sandbox.handle(request)
            signal.pthread_kill(main, signal.SIGINT)
            return Response(status=503, lost=True)
        return sandbox.handle(request)

    with sandbox.serve(answer=answer):
        yield seen


def test_a_removal_that_dies_at_any_request_is_finished_by_the_next_sweep(seven: Project) -> None:
    """While it looks, and at each thing that it removes: what a dead one left, the next one goes on with."""
    seven.later(73)
    last: list[str] = []
    for after in (1, LOOKS // 2, LOOKS, *(LOOKS + 1, LOOKS + 2) * 3, LOOKS + 1, LOOKS + 1, LOOKS + 3):
        with dying(seven, after) as seen:
            done = seven.run("review", "sweep")
        last.append(seen[-1].split("/")[-2 if "127.0.0.1" in seen[-1] else -1])
        assert (done.code, len(seen)) == (130, after), last
    written = seven.written()
    said(seven, "sweep")

    assert {"dns_records", "graphql", "endpoints", "keys", "seance-cdn-staging-pr-7"} == set(last[3:])
    assert ".sandbox/reviews/pr-7.json" in written
    assert seven.left() == NOTHING
    assert seven.written() == []


@pytest.mark.parametrize("after", [2, 9, 16])
def test_an_up_that_is_killed_at_any_moment_is_swept_up(project: Project, after: int) -> None:
    """SIGKILL to the command and its engine: the next sweep knows that nobody works on it, and waits for no time."""
    requests = project.directory / "requests.jsonl"
    running = subprocess.Popen(
        [sys.executable, "-m", "railyard", "review", "up", "3"],
        cwd=project.root, env={**os.environ, **code_of(project.root)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + LONGEST_S
    while running.poll() is None and (not requests.exists() or requests.read_bytes().count(b"\n") < after):
        assert time.monotonic() < until
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    was_there = project.written()

    swept = said(project, "sweep")

    assert was_there
    assert "what made it was cut off" in swept.text
    assert project.left() == NOTHING
    assert project.written() == []


def test_the_lock_of_a_command_that_wrote_nothing_goes_too(project: Project) -> None:
    """Killed before its record: nobody holds the lock any more, and no environment belongs to it."""
    folder = project.directory / "reviews"
    folder.mkdir(parents=True)
    (folder / "pr-3.lock").touch()

    said(project, "sweep")

    assert project.written() == []


def test_what_is_written_down_nowhere_is_of_nobody(seven: Project) -> None:
    """A lost state and a lost record: what has the names of an environment is found all the same."""
    for file in (*seven.directory.rglob("pr-*"), *seven.root.glob("Pulumi.pr-*")):
        file.unlink()
    assert seven.left()["projects"] == ["seance-pr-7", "shop-pr-7"]

    told = said(seven, "sweep", "--preview")
    assert seven.left()["projects"]
    said(seven, "sweep")

    assert "pr-7 would end: it is of nobody" in told.text
    assert seven.left() == NOTHING


def test_a_bucket_goes_with_all_that_is_in_it(seven: Project) -> None:
    """Objects, old versions of them, and uploads in parts that never ended."""
    bucket = "seance-cdn-staging-pr-7"
    with Sandbox(seven.directory).serve() as address, pytest.MonkeyPatch.context() as patch:
        for name, value in operate.environment(address, seven.directory).items():
            patch.setenv(name, value)
        client = spaces_client("sfo3")
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for text in (b"one", b"two"):
            client.put_object(Bucket=bucket, Key="a/b", Body=text)
        client.create_multipart_upload(Bucket=bucket, Key="never")

    said(seven, "down", "7")

    assert seven.left() == NOTHING


def test_what_only_looks_like_an_environment_stays(seven: Project) -> None:
    """A project of somebody else, the stack's own names, a bucket that is not called after one of the stack."""
    with seven.world() as world:
        zone = next(each for each in world.cloudflare.zones() if each["name"] == "rose.example")["id"]
        for name in (
            "staging.rose.example",
            "pr-review.rose.example",
            "pr-7.rose.example",
            "pr-7-web.old.rose.example",
        ):
            record = {"type": "CNAME", "name": name, "content": "x.example", "ttl": 1, "proxied": False}
            world.cloudflare.create_record(zone, record)
        seance = next(each for each in world.railway.state.projects.values() if each.name == "seance-pr-7")
        seance.description = "Somebody's own"
    before = seven.left()["records"]

    said(seven, "down", "7")

    kept = seven.left()
    assert kept["projects"] == ["seance-pr-7"]
    assert kept["records"] == [name for name in before if not name.endswith((".seance.dev", "pr-7-web.rose.example"))]


def test_ending_what_is_not_there_is_no_failure(project: Project) -> None:
    """So that a job may run twice."""
    assert "nothing is left of pr-9" in said(project, "down", "9").text
    assert left(Sandbox(project.directory)) == NOTHING


def test_what_cannot_be_removed_is_told_and_tried_again(seven: Project) -> None:
    """Everything else goes; the environment stays written down until all of it is gone."""
    seven.later(73)
    with seven.world() as world:
        world.fail("cloudflare", "^DELETE", status=403, message="no", count=100)
    failed = said(seven, "sweep", code=1)
    with seven.world() as world:
        world.heal()

    assert "DNS record pr-7-backend.seance.dev (CNAME) could not be removed" in failed.errors
    assert "projects" not in seven.left()
    assert "Pulumi.pr-7.yaml" in seven.written()
    said(seven, "sweep")
    assert seven.left() == NOTHING
    assert seven.written() == []
