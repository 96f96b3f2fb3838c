"""What people type in the project's root, without any wrapper, against the simulated clouds. Needs the Pulumi CLI."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3

from railway_sandbox.addresses import SPACES_ACCESS_KEY, SPACES_SECRET_KEY
from tests.conformance.conftest import RealEngine, has_language_host, put_standins
from tests.lifecycle.conftest import LONGEST_S, ROOT, world

OMEGA = ("**::omega", "**::omega-*")
TARGETS = [part for glob in OMEGA for part in ("--target", glob)]
STAGING = ("-s", "staging")


def summary(text: str) -> dict[str, int]:
    return {name: count for name, count in json.loads(text)["changeSummary"].items() if name != "same"}


def test_every_command_works_from_the_root(real, tmp_path):
    """Preview, up, refresh, import, graph and destroy, with the options that people use; a preview asks nobody."""
    real.keep("omega", "netia")
    first = real.pulumi("preview", *STAGING, *TARGETS, "--diff")
    assert "omega-bot-instance" in first
    assert "netia-project" not in first
    assert real.requests() == []

    real.pulumi("up", *STAGING, *TARGETS, "--yes")
    assert summary(real.pulumi("preview", *STAGING, *TARGETS, "--refresh", "--json")) == {}
    real.pulumi("refresh", *STAGING, "--yes", "--skip-preview", "--diff")

    graph = tmp_path / "graph.dot"
    real.pulumi("stack", "graph", str(graph), *STAGING)
    assert "omega-bot-instance" in graph.read_text()

    project = next(id_ for urn, id_ in real.ids().items() if urn.endswith("::omega-project"))
    written = tmp_path / "imported.py"
    real.pulumi("import", "railway:index:Project", "imported", project, *STAGING, "--yes", "--out", str(written))
    # Only Pulumi's own language host writes Python; the one of these tests hands Pulumi's own notation on.
    code = 'railway.Project("imported"' if has_language_host() else 'resource imported "railway:index:Project"'
    assert code in written.read_text()
    imported = next(urn for urn in real.ids() if urn.endswith("::imported"))
    real.pulumi("state", "delete", imported, "--force", "--yes", *STAGING)

    real.unprotect()
    real.pulumi("destroy", *STAGING, "--yes")
    assert world(real.simulated)["projects"] == []


def test_a_mistake_in_settings_is_one_error(real):
    """The mistake with its line and its fix, and no word of an unhandled error; numbers keep their characters."""
    real.change("staging", "commit: a1b2c3d", "commit: 0123456")

    said = real.pulumi("preview", *STAGING, fails=True)

    assert said.count("railyard:seance.commit = 0123456") == 1
    assert said.count('write "0123456" in quotes') == 1
    assert "unhandled" not in said
    assert "Traceback" not in said


def test_settings_with_merges_and_tokens_are_read_as_the_cli_reads_them(real):
    """``make`` on the CLI: words and merges as in go-yaml; encrypted tokens and ESC environments are left out."""
    text = (ROOT / "Pulumi.staging.yaml").read_text().replace("railway:plan: hobby", "railway:plan: &plan hobby")
    text = text.replace("logLevel: debug", "bot: {<<: {variables: {NO: on, AT: 17:04}}, memoryMb: 1.024e3}")
    text = text.replace("config:\n", "environment: [shared]\nconfig:\n  railway:token: {secure: v1:AAAA:BBBB}\n")
    (real.directory / "Pulumi.staging.yaml").write_text(text)

    up = run(real, "up", "--system", "omega")

    assert up.returncode == 0, up.stdout + up.stderr
    assert "note: Pulumi.staging.yaml: railway:token is encrypted and left out here" in up.stderr
    assert "note: Pulumi.staging.yaml: environment: (Pulumi ESC) is left out here" in up.stderr
    (made,) = [each for each in real.deployment()["resources"] if each["type"] == "railway:index:ServiceInstance"]
    assert {name: made["inputs"]["variables"][name] for name in ("NO", "AT")} == {"NO": "on", "AT": "17:04"}
    assert made["inputs"]["memoryMb"] == 1_024


def test_an_up_follows_a_saved_plan(real, tmp_path):
    """For a new stack and for one that is up: the up registers nothing that its preview did not."""
    real.keep("omega", "netia")
    plan = str(tmp_path / "plan.json")
    for change in (("", ""), ("logLevel: debug", "logLevel: info")):
        real.change("staging", *change)
        real.pulumi("preview", *STAGING, *TARGETS, "--save-plan", plan)
        real.pulumi("up", *STAGING, *TARGETS, "--plan", plan, "--yes", "--skip-preview")
    assert world(real.simulated)["services"] == ["omega-staging/bot"]


def test_the_automation_api_and_a_state_backend_in_spaces(real, monkeypatch, tmp_path):
    """The page's own example; the state lies in a bucket, so that whoever comes next finds nothing to do."""
    real.keep("omega", "netia")
    monkeypatch.setenv("HTTP_PROXY", real.variables["HTTP_PROXY"])
    keys = {"aws_access_key_id": SPACES_ACCESS_KEY, "aws_secret_access_key": SPACES_SECRET_KEY}
    spaces = boto3.client("s3", region_name="us-east-1", endpoint_url="http://sfo3.digitaloceanspaces.com", **keys)
    spaces.create_bucket(Bucket="railyard-state")
    backend = {
        "PULUMI_BACKEND_URL": "s3://railyard-state?region=us-east-1&endpoint=http://sfo3.digitaloceanspaces.com",
        "AWS_ACCESS_KEY_ID": SPACES_ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SPACES_SECRET_KEY,
    }
    page = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]

    done = subprocess.run(
        [sys.executable, "-c", example], cwd=real.directory, env={**os.environ, **real.variables, **backend},
        capture_output=True, text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    *_, made, planned = done.stdout.splitlines()
    assert made.startswith("succeeded {'bot': 'https://bot-staging-")
    assert planned.startswith("{'same': ")
    assert "," not in planned
    kept = [each["Key"] for each in spaces.list_objects_v2(Bucket="railyard-state")["Contents"]]
    assert ".pulumi/stacks/railyard/staging.json" in kept


def run(real: RealEngine, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m railyard.engine`` with the real engine, as the Makefile calls it."""
    return subprocess.run(
        [sys.executable, "-m", "railyard.engine", *arguments], cwd=real.directory, env=real.wrapped,
        capture_output=True, text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip


def test_make_uses_the_cli_and_keeps_the_users_file_as_it_is(real):
    """The same options; one line says which engine; the other engine is refused until all is gone."""
    file = real.directory / "Pulumi.production.yaml"
    before = file.read_text() + "encryptionsalt: v1:AAAAAAAAAAA=:v1:the:users:own\n"
    file.write_text(before)

    up = run(real, "up", "-s", "production", "--system", "omega")
    assert up.returncode == 0, up.stdout + up.stderr
    assert "engine: the Pulumi CLI (" in up.stderr
    assert "state in .sandbox/pulumi" in up.stderr
    told = up.stdout.partition("\nOutputs\n")[2]
    assert ("projectId: " in told, "  omega\n" in told) == (True, True)
    assert not {"seance", "secretFingerprints"} & set(up.stdout.split())
    shown = run(real, "preview", "-s", "production", "--system", "omega", "--json")
    assert summary(shown.stdout) == {}
    other = run(real, "up", "-s", "production", "--engine", "embedded")
    assert (other.returncode, "is up with the Pulumi CLI" in other.stderr) == (1, True)

    protected = run(real, "destroy", "-s", "production")
    assert protected.returncode == 1
    assert run(real, "unprotect", "-s", "production").returncode == 0
    gone = run(real, "destroy", "-s", "production")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert world(real.simulated)["projects"] == []
    assert file.read_text() == before


def test_a_killed_run_leaves_neither_plugin_nor_lock(real):
    """The CLI is killed while a deployment is under way; the next run goes on from there."""
    put_standins(real.directory, real.directory / "plugins")  # children of the CLI, which see its end
    if not (real.directory / ".venv").is_symlink():  # so does the provider: a fork is the child of another process
        (real.directory / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    command = [sys.executable, "-m", "railyard.engine", "up", "--system", "omega"]
    running = subprocess.Popen(
        command, cwd=real.directory, env=real.wrapped, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert running.stdout is not None
    assert any("omega-bot-instance creating" in line for line in running.stdout)
    for process in of_project(real.directory, "pulumi", "up"):
        os.kill(process, signal.SIGKILL)
    running.communicate(timeout=LONGEST_S)

    deadline = time.monotonic() + LONGEST_S
    while plugins := of_project(real.directory, "packages/pulumiverse-railway"):
        assert time.monotonic() < deadline, f"plugins outlived their engine: {plugins}"
        time.sleep(0.1)
    again = run(real, "up", "--system", "omega")
    assert again.returncode == 0, again.stdout + again.stderr
    assert world(real.simulated)["deployments"] == {"omega-staging/bot": 1}


def of_project(directory: Path, *words: str) -> list[int]:
    """Processes whose command line holds all words and whose directory is the project's."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if where == directory and all(any(part.endswith(word) for part in command) for word in words):
            found.append(int(entry.name))
    return found
