"""``railyard sandbox``: things go wrong when a person orders it, as people name them, and time passes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from railway_sandbox.railway import edge
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.domains.domains import customs
from railway_sandbox.server import reset, running
from railyard.engine import serving
from railyard.shared.project import project_directory
from tests.operations.conftest import Railyard


def test_a_service_crashes_now_and_with_each_deployment_until_it_is_mended(railyard: Railyard) -> None:
    """What crashed is not started again by the mending: its next deployment is."""
    said = railyard.run("sandbox", "break", "seance/landing", "crash")
    seen = railyard.run("status", "seance")
    with railyard.world() as world:
        again = world.deploy("seance/landing")
        assert deployments.status_of(world.railway, again) in ("CRASHED", "FAILED")

    mended = railyard.run("sandbox", "mend")

    assert said.text.startswith(
        "seance/landing of seance-staging ends now, and so does each deployment that comes next;"
    )
    assert seen.code == 1
    assert "seance/landing: deployment" in seen.text
    assert "CRASHED" in seen.text
    assert mended.text == "mended: service seance-staging/landing: crash\n"
    with railyard.world() as world:
        assert deployments.status_of(world.railway, again) in ("CRASHED", "FAILED")
        assert deployments.status_of(world.railway, world.deploy("seance/landing")) == "SUCCESS"


def test_an_unhealthy_service_answers_nobody_until_it_is_mended(railyard: Railyard) -> None:
    """Visitors of its domain see Railway's own error meanwhile."""
    with railyard.world() as world:
        _, service = world.find("rose/web")
        host = next(each.domain for each in customs(world.railway) if each.service_id == service.id)
        assert edge.visit(world.railway, host).status == 200

    railyard.run("sandbox", "break", "rose/web", "unhealthy")

    with railyard.world() as world:
        assert edge.visit(world.railway, host).status == 502
    railyard.run("sandbox", "mend")
    with railyard.world() as world:
        assert edge.visit(world.railway, host).status == 200


def test_a_slow_service_is_deployed_ten_minutes_later(railyard: Railyard) -> None:
    """And well: nothing fails."""
    railyard.run("sandbox", "break", "seance/landing", "slow")

    with railyard.world() as world:
        made = world.deploy("seance/landing", after_s=590)
        assert deployments.status_of(world.railway, made) == "BUILDING"
        world.manual.advance(60)
        assert deployments.status_of(world.railway, made) == "SUCCESS"


def test_a_token_that_was_revoked_is_told_as_on_a_real_account(railyard: Railyard) -> None:
    """With what to do; afterwards it works again."""
    railyard.run("sandbox", "break", "token")

    refused = railyard.run("status", "rose")
    railyard.run("sandbox", "mend")

    assert refused.code == 1
    assert "Railway does not know the token in RAILWAY_API_TOKEN" in refused.errors
    assert railyard.run("status", "rose").code == 0


def test_an_api_and_a_name_are_broken_and_listed(railyard: Railyard) -> None:
    """As text and as a document; nothing is lost between two commands."""
    nothing = railyard.run("sandbox", "faults")
    said = [
        railyard.run("sandbox", "break", *order).text
        for order in (("cloudflare",), ("spaces", "429", "--times", "3"), ("dns", "Staging.Rose.example."))
    ]

    assert nothing.text == "nothing is broken\n"
    assert said == [
        "cloudflare answers every request with 503; railyard sandbox mend ends it\n",
        "spaces answers the next 3 requests with 429; railyard sandbox mend ends it\n",
        "nobody finds DNS records of staging.rose.example; railyard sandbox mend ends it\n",
    ]
    assert railyard.run("sandbox", "faults").text == (
        "cloudflare: every request, 503\nspaces: 3 requests, 429\nstaging.rose.example: dns\n"
    )
    document = railyard.run("sandbox", "faults", "--json").json
    assert [(each["api"], each["count"]) for each in document["faults"]] == [("cloudflare", None), ("spaces", 3)]
    assert document["defects"] == {"staging.rose.example": "dns"}
    with railyard.world() as world:
        assert world.cloudflare.resolve("staging.rose.example", "CNAME") == []


def test_time_passes_when_it_is_asked_to(railyard: Railyard) -> None:
    """By days: what happens by itself, such as a certificate that runs out, has happened."""
    with railyard.world() as world:
        before = world.clock.now()

    said = railyard.run("sandbox", "advance", "2d")

    assert said.text.startswith("it is 2026-01-03T")
    with railyard.world() as world:
        assert 2 * 86_400 <= world.clock.now() - before < 2 * 86_400 + 3_600


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("break", "seance/bakend", "crash"), "staging has no service 'seance/bakend': name one of omega/bot,"),
        (("break", "seance/backend"), "a service breaks in one of these ways: crash, unhealthy, slow, build"),
        (("break", "seance/backend", "503"), "a service breaks in one of these ways:"),
        (("break", "seance/backend", "crash", "--times", "2"), "--times counts requests of an API"),
        (("break", "token", "crash"), "the token breaks in one way only: 'crash' is not needed"),
        (("break", "cloudflare", "crash"), "'crash' is not an HTTP status of a failure: name 400 to 599"),
        (("break", "dns"), "name a domain in a zone of staging: seance.dev, rose.example"),
        (("break", "dns", "rose.test"), "name a domain in a zone of staging: seance.dev, rose.example"),
        (("advance", "3 hours"), "'3 hours' is not a valid time: write 90s, 45m, 3h or 2d"),
        (("advance", "99999999999999d"), "write 90s, 45m, 3h or 2d, at most 3650d at once"),
        (("break", "cloudflare", "200"), "'200' is not an HTTP status of a failure"),
    ],
)
def test_what_cannot_be_ordered_is_a_wrong_call(railyard: Railyard, call: tuple[str, ...], words: str) -> None:
    """It says what can be, and changes nothing."""
    said = railyard.run("sandbox", *call)

    assert said.code == 2
    assert words in said.errors
    assert railyard.run("sandbox", "faults").text == "nothing is broken\n"


@pytest.fixture
def served(railyard: Railyard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The addresses of `make sandbox`, started and ended twice; a Ctrl-C comes at once."""
    monkeypatch.setattr(serving, "_until_interrupted", lambda: None)
    addresses: list[str] = []
    for _ in range(2):
        serving.serve(None)
        addresses.append(capsys.readouterr().out.partition("RAILWAY_API_URL=")[2].partition("/graphql")[0])
    return addresses


def test_make_sandbox_listens_at_the_same_port_each_time(railyard: Railyard, served: list[str], monkeypatch) -> None:
    """After a reset too; where somebody else has it by then, at another one, which is kept from then on."""
    monkeypatch.setattr(serving, "_until_interrupted", lambda: None)
    first, second = served
    assert first == second
    reset(railyard.directory)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(first.rpartition(":")[2])))
        taken.listen()
        serving.serve(None)

    kept = (railyard.directory / "port").read_text()

    assert kept != first.rpartition(":")[2]
    assert f"http://127.0.0.1:{kept}/graphql/v2" in (railyard.directory / "environment").read_text()


def test_make_sandbox_writes_the_variables_to_be_sourced(railyard: Railyard, served: list[str], tmp_path: Path) -> None:
    """Those that it prints, for this user's eyes alone."""
    file = railyard.directory / "environment"

    done = subprocess.run(
        ["sh", "-c", '. "$1"; echo "$RAILWAY_API_URL $SPACES_ENDPOINT_URL $RAILYARD_EDGE_AUTHORITY"', "sh", file],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    url, spaces, authority = done.stdout.split()
    assert url == f"{served[0]}/graphql/v2"
    assert spaces == "http://{{.Region}}.digitaloceanspaces.com"
    assert Path(authority) == railyard.directory / "edge-authority.pem"
    assert file.stat().st_mode & 0o077 == 0


def test_make_shell_opens_a_shell_in_the_sandbox(railyard: Railyard, monkeypatch, tmp_path: Path) -> None:
    """The person's own, with the variables and the command line, while the clouds are served; its exit code counts."""
    shell, seen = tmp_path / "shell", tmp_path / "seen.json"
    shell.write_text(
        f"""#!{sys.executable}
import json, os, pathlib, shutil, urllib.request
request = urllib.request.Request(
    os.environ["RAILWAY_API_URL"] + "?source=shell",
    json.dumps({{"query": "{{ projects {{ edges {{ node {{ name }} }} }} }}"}}).encode(),
    {{"Authorization": "Bearer " + os.environ["RAILWAY_API_TOKEN"], "Content-Type": "application/json"}},
)
answer = json.load(urllib.request.urlopen(request))
pathlib.Path({str(seen)!r}).write_text(json.dumps([shutil.which("railyard"), answer]))
raise SystemExit(3)
"""
    )
    shell.chmod(0o755)
    monkeypatch.setenv("SHELL", str(shell))

    code = serving.open_shell()

    command, answer = json.loads(seen.read_text())
    assert code == 3
    assert command == str(project_directory() / "bin" / "railyard")
    assert {"node": {"name": "seance-staging"}} in answer["data"]["projects"]["edges"]
    assert running(railyard.directory) is None


def test_a_refresh_that_fails_before_an_up_answers_programs(railyard: Railyard) -> None:
    """``--json`` is one document, whichever of the two operations the command ends with."""
    railyard.run("sandbox", "break", "token")

    said = railyard.run("up", "-s", "staging", "--system", "rose", "--refresh", "--json")

    assert said.code == 1
    assert said.json["succeeded"] is False
    assert said.json["diagnostics"]
