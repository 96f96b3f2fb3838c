"""``railyard diff``: two commits compared in a sandbox, each with its own code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from railyard.review import checkout
from railyard.review.checkout import changes_digest, current_commit, unpack
from railyard.review.diff_document import Diff, Side, StackDiff, cut
from railyard.shared.console import OperationError
from tests.operations_workflows.conftest import SETTINGS, Repository, run
from tests.sops import encrypting

OWN_TOKEN = "OMEGA_CREDENTIAL"
STAGING = "Pulumi.staging.yaml"


def left(repository: Repository) -> list[str]:
    """What lies in the repository and in no commit, but for what Python keeps compiled."""
    lines = repository.git("status", "--porcelain", "--ignored").splitlines()
    return [line for line in lines if not line.endswith("__pycache__/")]


def test_a_changed_setting_is_all_that_is_shown(repository: Repository, tmp_path: Path) -> None:
    """The base is brought up and the head previewed on it: one variable of one service, and what it costs."""
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.change(STAGING, "logLevel: info", "logLevel: debug")
    repository.commit("Say more")
    before = left(repository)

    said = run("diff", "--comment", str(tmp_path / "comment.md"), "--document", str(tmp_path / "diff.json"))

    document = Diff.model_validate_json((tmp_path / "diff.json").read_text())
    (stack,) = document.stacks
    (change,) = stack.changes
    assert said.code == 0
    assert (change.name, change.kind, change.system) == ("omega-bot-instance", "update", "Omega")
    assert [(each.path, each.old, each.new) for each in change.properties] == [
        ("variables.LOG_LEVEL", '"info"', '"debug"')
    ]
    assert stack.cost
    assert stack.cost.deployments == 1
    assert 'variables.LOG_LEVEL: "info" → "debug"' in said.text
    assert "start 1 deployment" in said.text
    assert 'LOG_LEVEL: "info" → "debug"' in (tmp_path / "comment.md").read_text()
    assert left(repository) == before
    assert repository.git("worktree", "list").count("\n") == 0


def test_code_that_changes_counts_as_much_as_settings(repository: Repository) -> None:
    """Each side runs its own program: a constant in the code of a system is a change of what runs."""
    base = repository.own_code()
    text = (repository.directory / "stacks" / "omega.py").read_text()
    assert '"LOG_LEVEL": settings.log_level' in text
    repository.write(
        "stacks/omega.py",
        text.replace('"LOG_LEVEL": settings.log_level', '"ADDED": "by code", "LOG_LEVEL": settings.log_level'),
    )
    head = repository.commit("A variable")
    repository.git("checkout", "--quiet", base)

    said = run("diff", base, head, "--json")

    (stack,) = said.json["stacks"]
    assert [(each["path"], each["new"]) for each in stack["changes"][0]["properties"]] == [
        ("variables.ADDED", '"by code"')
    ]


def test_what_would_be_refused_is_said(repository: Repository) -> None:
    """A volume that the head no longer declares is protected: the deletion is shown, and that up refuses it."""
    repository.change(STAGING, "{repo: null", "{volume: null, repo: null")

    said = run("diff", "HEAD", "--json")

    (stack,) = said.json["stacks"]
    assert said.code == 1
    assert [(each["kind"], each["protected"]) for each in stack["changes"] if each["name"].endswith("-disk")] == [
        ("delete", True)
    ]
    assert "protected" in stack["errors"][0]


def test_what_is_refused_hides_nothing_else(repository: Repository) -> None:
    """The headline says refused, the reason stands once and without URNs, and every other change is listed."""
    repository.change(STAGING, "{repo: null", "{volume: null, repo: null")
    repository.change(STAGING, "logLevel: info", "logLevel: debug")

    said = run("diff", "HEAD")
    comment = run("diff", "HEAD", "--markdown")

    assert said.code == comment.code == 1
    (headline,) = (line for line in said.text.splitlines() if line.startswith("staging: "))
    assert headline.startswith("staging: refused: - 1 to delete, ~ 1 to update, ")
    assert said.text.count("  refused: ") == 1
    assert "-disk is protected, and would be deleted: keep it in the settings" in said.text
    assert "urn:pulumi" not in said.text + comment.text
    assert 'variables.LOG_LEVEL: "info" → "debug"' in said.text
    assert "**refused**" in comment.text
    assert 'variables.LOG_LEVEL: "info" → "debug"' in comment.text


LARGER = """\
config:
  railway:plan: hobby
  railyard:secrets: secrets/staging.yaml
  railyard:budget: 60
  railyard:zones: [{name: rose.example, id: "905e0000000000000000000000000e04"}]
  railyard:netia:
    project: {name: netia-staging, environment: staging}
    app: {repo: netia/netia, railwayDomain: true}
    postgres: {sizeGb: 1}
  railyard:rose:
    project: {name: rose-staging, environment: staging}
    environment: staging
    web: {repo: rose/rose, memoryMb: 1024, volume: {sizeGb: 1}, domains: [{hostname: staging.rose.example}]}
    rateLimitPerMinute: 20
    enableApiDocs: true
    sessionRetentionDays: 3
"""


def test_a_change_beyond_the_budget_is_refused_and_shown_whole(repository: Repository, tmp_path: Path) -> None:
    """A renamed domain, more memory, a new service, a broken rule: the refusal first, then what goes, then the rest."""
    repository.write(STAGING, LARGER)
    base = repository.commit("Netia and Rose")
    repository.change(STAGING, "staging.rose.example", "beta.rose.example")
    repository.change(STAGING, "memoryMb: 1024", "memoryMb: 8192")
    repository.change(STAGING, "railwayDomain: true}", "railwayDomain: true, replicas: 2}\n    redis: {}")
    repository.change(STAGING, "postgres: {sizeGb: 1}", "postgres: {sizeGb: 1, backups: []}")
    repository.change(STAGING, "budget: 60", "budget: 25")

    said = run("diff", base, "-s", "staging", "--comment", str(tmp_path / "comment.md"))

    comment = (tmp_path / "comment.md").read_text()
    parts = [
        ":no_entry: `staging`: **refused**",
        "railyard:budget = 25",
        "- cloudflare:DnsRecord rose-web-staging.rose.example-cname (delete)",
        "- railway:CustomDomain rose-web-staging.rose.example-domain (delete)",
        "+ railway:ServiceInstance netia-redis-instance (create)",
        "!     memoryMb: 1024 → 8192",
        "**Money:** about +$",
        "requests to Railway and start",
        "volumes-have-backups",
        "```mermaid",
    ]
    assert said.code == 1
    assert sorted(parts, key=comment.find) == parts
    assert all(part in comment for part in parts), comment
    assert "as far as the preview came" not in comment
    assert "as far as the preview came" not in said.text


def test_a_base_that_does_not_work_is_explained(repository: Repository) -> None:
    """Nobody can say what changes then; which side failed, and why, stands in the result."""
    repository.change(STAGING, "logLevel: info", "logLevel: loud")
    broken = repository.commit("Broken")

    said = run("diff", broken)

    assert said.code == 1
    assert f"{broken[:7]}, with which this is compared, cannot be brought up" in said.text
    assert "railyard:omega.logLevel" in said.text


def test_a_new_stack_is_created_and_no_credential_reaches_its_code(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request may hold any code; it is run without tokens. A stack that the base lacks is all new."""
    shared = ("RAILWAY_API_TOKEN", "SOPS_AGE_KEY", "GITHUB_TOKEN", "DISCORD_WEBHOOK_URL", "PULUMI_ACCESS_TOKEN")
    for name in (*shared, OWN_TOKEN):
        monkeypatch.setenv(name, "planted-credential")
    repository.git("mv", STAGING, "Pulumi.trial.yaml")
    own = f"    railway: {{tokenVariable: {OWN_TOKEN}}}\n    logLevel:"
    repository.write(STAGING, SETTINGS.format(stack="staging", plan="hobby").replace("    logLevel:", own))
    seen = tmp_path / "seen.json"
    program = (repository.directory / "__main__.py").read_text()
    spy = f"import json, os, pathlib\npathlib.Path({str(seen)!r}).write_text(json.dumps(dict(os.environ)))\n"
    repository.write("__main__.py", program.replace("from stacks", spy + "from stacks"))

    said = run("diff", "HEAD", "-s", "trial", "--json")

    (stack,) = said.json["stacks"]
    assert {each["kind"] for each in stack["changes"]} == {"create"}
    assert stack["notes"][0] == "the stack trial is new: all of it will be created"
    assert "planted-credential" not in seen.read_text()
    assert "SOPS_AGE_KEY_FILE" in json.loads(seen.read_text())


def test_a_stack_that_is_gone_is_no_deletion(repository: Repository) -> None:
    """Removing a settings file deletes nothing that runs, which is worse than a deletion unless somebody says so."""
    repository.git("mv", STAGING, "Pulumi.trial.yaml")
    repository.commit("Renamed")

    said = run("diff", "HEAD^", "-s", "staging")

    assert "Pulumi.staging.yaml is gone" in said.text
    assert "pulumi destroy -s staging" in said.text


def test_other_packages_are_said(repository: Repository) -> None:
    """The comparison holds for the packages it ran with, so a difference is named."""
    repository.change("requirements.txt", "httpx==0.28.1", "httpx==0.27.0")
    repository.git("rm", "--quiet", STAGING)

    said = run("diff", "HEAD")

    assert (
        "requirements.txt differs (httpx 0.28.1 → 0.27.0): both sides ran with the packages installed here" in said.text
    )


def test_a_commit_that_is_not_here_ends_with_what_to_do(repository: Repository) -> None:
    """Clones of continuous integration are shallow."""
    said = run("diff", "0123abc")

    assert said.code == 2
    assert "no commit '0123abc'" in said.errors
    assert "git fetch --unshallow" in said.errors


def test_without_a_main_branch_a_base_has_to_be_named(repository: Repository) -> None:
    """The default base is where the work left main."""
    repository.git("branch", "--quiet", "--move", "main", "trunk")

    said = run("diff")

    assert said.code == 1
    assert "name a commit as BASE" in said.errors


def test_outside_of_git_the_missing_repository_is_named(tmp_path: Path) -> None:
    """Not a missing branch: an unpacked archive of the project has none at all."""
    with pytest.raises(OperationError, match=f"{tmp_path} is not a git repository.*work in a clone"):
        checkout.merge_base(tmp_path, "HEAD")


def test_an_error_of_any_length_fits_into_the_document() -> None:
    """The document refuses long texts of strangers, and what an engine says of a failure may be longer."""
    long = StackDiff(stack="staging", errors=(cut("x" * 100_000),))

    assert Diff(base=Side(name="a"), head=Side(name="b"), stacks=(long,)).failed
    with pytest.raises(ValidationError):
        StackDiff(stack="staging", errors=("x" * 100_000,))


def test_without_git_a_plan_is_of_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a folder that git does not know."""
    monkeypatch.setenv("PATH", "")

    assert (current_commit(Path()), changes_digest(Path())) == ("", "")


def test_a_changed_secret_shows_the_services_that_it_deploys_and_no_value(
    repository: Repository, tmp_path: Path
) -> None:
    """The stack's own file is compared without its key: a value written anew is a change, the others are none.

    A project that has Railyard installed holds no code of it: what is installed makes one system alone, too.
    """
    values = {"omega": {"DISCORD_BOT_TOKEN": "planted-discord-token", "OPENAI_API_KEY": "sk-planted-openai"}}
    file = repository.directory / "secrets" / "staging.yaml"
    encrypting.write(file, encrypting.encrypted(values))
    before = file.read_text()
    repository.commit("Secrets of its own")
    values["omega"]["DISCORD_BOT_TOKEN"] = "planted-another-token"
    encrypting.write(file, encrypting.encrypted(values))
    now = [line for line in file.read_text().splitlines() if "DISCORD_BOT_TOKEN" in line]
    kept = [now[0] if "DISCORD_BOT_TOKEN" in line else line for line in before.splitlines()]
    file.write_text("\n".join(kept) + "\n")

    said = run("diff", "HEAD", "--document", str(tmp_path / "diff.json"))

    document = (tmp_path / "diff.json").read_text()
    (stack,) = json.loads(document)["stacks"]
    assert (stack["errors"], stack["notes"]) == ([], [])
    assert "omega alone" in said.errors
    assert [(each["path"], each["old"], each["new"]) for each in stack["changes"][0]["properties"]] == [
        ("variables.DISCORD_BOT_TOKEN", "[secret]", "[secret]")
    ]
    assert stack["cost"]["deployments"] == 1
    assert "planted" not in said.text + said.errors + document


def test_a_link_that_leads_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    """A pull request cannot make the comparison write, or read, somewhere else."""
    root = tmp_path / "repository"
    root.mkdir()
    (root / "out").symlink_to("/etc")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "A link"]):
        subprocess.run([*git, *arguments], cwd=root, check=True)

    with pytest.raises(OperationError, match=r"leads out of the repository: .*out.*; remove that link"):
        unpack(root, "HEAD", tmp_path / "unpacked")
