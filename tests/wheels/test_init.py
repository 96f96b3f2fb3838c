"""``railyard init`` as a new user has it: the installed command, an empty folder, and nothing of this checkout."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.operations_workflows.test_workflow_rules import PINNED, SCHEMAS, read
from tests.wheels.conftest import PACKAGES, ROOT, UV, Commands, empty, fill, run
from tools import versions

BOT = ("--name", "pingbot", "--topology", "bot", "--image", "ghcr.io/example/pingbot:1.0.0")
FIVE = ("omega", "seance", "omnistack", "netia", "rose")
WRITTEN = {
    ".github/actions/set-up/action.yml", ".github/workflows/comment.yml", ".github/workflows/deploy.yml",
    ".github/workflows/drift.yml", ".github/workflows/preview.yml", ".github/workflows/real.yml", ".gitignore",
    "Pulumi.production.yaml", "Pulumi.staging.yaml", "Pulumi.yaml", "README.md", "__main__.py", "defaults.yaml",
    "requirements.txt", "secrets/.sops.yaml", "settings.schema.json",
}  # fmt: skip


class Project:
    """A folder in which the installed command works."""

    def __init__(self, folder: Path, commands: Commands) -> None:
        self.folder, self.commands = folder, commands
        folder.mkdir(exist_ok=True)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command, which ends with ``code``; what it printed."""
        done = self.commands.run(self.folder, *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *arguments: str) -> Any:
        """Run the command for its document."""
        return json.JSONDecoder().raw_decode(self.run(*arguments, "--json"))[0]

    def files(self) -> set[str]:
        """The files of the project, but for what commands leave."""
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return {path.as_posix() for path in found if not {".sandbox", "__pycache__"} & set(path.parts)}


@pytest.fixture(scope="module")
def bot(commands: Commands, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A bot in two stacks, made in an empty folder."""
    project = Project(tmp_path_factory.mktemp("new") / "bot", commands)
    project.run("init", *BOT, "--stacks", "staging,production", "--packages", str(wheels), "--yes")
    return project


def test_a_new_project_is_previewed_brought_up_promoted_and_taken_down(bot):
    """With no file of this repository, no Makefile and no account: what is changed in one stack reaches the next."""
    assert bot.json("preview")["changeSummary"] == {"create": 6}
    bot.run("up")
    bot.run("up", "-s", "production")
    staging = bot.folder / "Pulumi.staging.yaml"
    staging.write_text(staging.read_text().replace("pingbot:1.0.0", "pingbot:1.1.0"))
    bot.run("up")

    bot.run("promote", "--healthy-for", "0")

    assert "pingbot:1.1.0" in (bot.folder / "Pulumi.production.yaml").read_text()
    assert "1.1.0" in bot.run("status")
    for command in (("logs", "pingbot/bot"), ("verify",), ("secrets", "check"), ("workflows", "--check")):
        bot.run(*command)
    assert bot.json("preview")["changeSummary"].keys() == {"same"}
    for stack in ("staging", "production"):
        bot.run("destroy", "-s", stack)


def test_the_page_that_a_message_names_is_installed(bot):
    """With the pages to which that one leads."""
    named = re.search(r"Rules \((.*policies\.md)\)", bot.run("preview"))

    assert named is not None
    page = bot.folder / named[1]
    links = re.findall(r"\]\(([\w/.-]+\.md)", page.read_text(encoding="utf-8"))
    assert "data-is-protected" in page.read_text(encoding="utf-8")
    assert links
    assert [each for each in links if not (page.parent / each).is_file()] == []


def test_each_page_that_a_step_of_doctor_names_is_installed(bot):
    """A project has no folder of pages of its own."""
    steps = json.JSONDecoder().raw_decode(bot.run("doctor", "--first", "--json", code=1))[0]["steps"]

    pages = [each["link"] for each in steps if not each["link"].startswith("https://")]
    assert pages
    assert [each for each in pages if not (bot.folder / each).is_file()] == []


def test_doctor_misses_no_file_of_secrets_in_the_sandbox(bot):
    """Values are made up there."""
    said = bot.run("doctor", "--offline", "--sandbox")

    assert "ok      secrets/sandbox.yaml: there is no such file, and none is needed" in said


def test_every_file_is_what_its_reader_takes(bot):
    """Workflows keep GitHub's schema and zizmor's rules, settings are valid for editors, the program is this one."""
    assert bot.files() == WRITTEN
    workflows = json.loads((SCHEMAS / "github-workflows.json").read_text())
    for file in bot.folder.glob(".github/workflows/*.yml"):
        jsonschema.Draft7Validator(workflows).validate(read(file))
    used = [line for file in bot.folder.glob(".github/**/*.yml") for line in file.read_text().splitlines()]
    assert [line for line in used if "uses:" in line and not PINNED.match(line)] == []
    rules = ("--config", ROOT / ".github" / "zizmor.yml")
    run(UV.with_name("zizmor"), "--quiet", "--no-progress", "--offline", *rules, bot.folder / ".github")
    settings = json.loads((bot.folder / "settings.schema.json").read_text())
    for name in ("defaults.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"):
        jsonschema.Draft202012Validator(settings).validate(yaml.safe_load((bot.folder / name).read_text()))
    assert sum(len((bot.folder / f"Pulumi.{name}.yaml").read_text().splitlines()) for name in ("staging",)) <= 20
    assert (bot.folder / "__main__.py").read_text() == (ROOT / "__main__.py").read_text()


def test_nothing_of_it_knows_the_systems_of_this_repository(bot):
    """Neither what is written, nor a list of settings, nor the advice about a misspelled system."""
    texts = "".join((bot.folder / name).read_text().lower() for name in WRITTEN)
    told = bot.run("settings", "staging", "--all") + bot.run("preview", "--system", "omga", code=2)

    assert [name for name in FIVE if re.search(rf"\b{name}\b", texts + told)] == []
    assert "Pulumi.staging.yaml holds no system 'omga'; it has: pingbot" in told


def test_its_requirements_install_with_hashes_and_nothing_else(bot, tmp_path):
    """In an empty environment, each of Railyard's packages from the wheel that is named, wherever an index has one."""
    python = empty(tmp_path / "environment")
    fill(python, "--require-hashes", "--requirement", "requirements.txt", cwd=bot.folder)

    packages = json.loads(run(UV, "pip", "list", "--format", "json", "--python", python))
    ours = [each["name"] for each in packages if each["version"] == versions.version()]
    assert {"railyard", *PACKAGES} <= set(ours)
    named = {line.split("=")[0] for line in (ROOT / "railyard" / "init" / "pinned.txt").read_text().splitlines()}
    assert {each["name"] for each in packages} - set(ours) <= named


def test_a_run_that_was_cut_off_is_finished_and_nothing_is_overwritten(bot, commands, wheels, tmp_path):
    """The same command writes what is missing; what somebody wrote stays, and is named."""
    project = Project(tmp_path / "bot", commands)
    command = ("init", *BOT, "--stacks", "staging,production", "--packages", str(wheels), "--yes")
    project.run(*command)
    whole = {name: (project.folder / name).read_text() for name in project.files()}
    for name in ("Pulumi.production.yaml", ".github/workflows/real.yml", "requirements.txt"):
        (project.folder / name).unlink()

    assert set(project.json(*command)["written"]) == {
        "Pulumi.production.yaml", ".github/workflows/real.yml", "requirements.txt"
    }  # fmt: skip
    assert {name: (project.folder / name).read_text() for name in project.files()} == whole
    assert "everything is there already" in project.run(*command)

    (project.folder / "Pulumi.staging.yaml").write_text("config: {}\n")
    (project.folder / "README.md").write_text("mine\n")
    (project.folder / ".gitignore").write_text("node_modules\n")
    refused = project.run(*command, code=2)
    assert "there already, and not as they would be: Pulumi.staging.yaml; nothing was written" in refused
    assert (project.folder / ".gitignore").read_text() == "node_modules\n"
    project.run(*command, "--force")
    assert (project.folder / "Pulumi.staging.yaml").read_text() == whole["Pulumi.staging.yaml"]
    assert (project.folder / ".gitignore").read_text() == f"node_modules\n{whole['.gitignore']}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--yes",), "nothing here says what is to run (Dockerfile, package.json"),
        ((), "nobody can be asked here: give --yes"),
        (("--yes", "--name", "My Bot", "--image", "a:1"), "'My Bot' is not a valid name of a system or stack"),
        (("--yes", "--topology", "robot", "--image", "a:1"), "--topology robot: one of service, backend, bot"),
        (("--yes", "--stacks", "a,a", "--image", "a:1"), "name one stack, or several different ones"),
        (("--yes", "--plan", "free-ish", "--image", "a:1"), "--plan free-ish: one of"),
        (("--yes", "--image", "a:1"), "it is not known from which wheel railyard is installed here"),
        (("--yes", "--image", "a:1", "--packages", "."), "has no wheel of"),
    ],
)
def test_a_call_that_cannot_work_says_what_to_give(commands, tmp_path, arguments, said):
    """One sentence, exit code 1 or 2, and nothing is written."""
    folder = tmp_path / "empty"
    folder.mkdir()
    done = commands.run(folder, "init", *arguments)

    assert (done.returncode in (1, 2), done.stdout, list(folder.iterdir())) == (True, "", [])
    assert done.stderr.startswith("error: ")
    assert said in done.stderr


def test_a_folder_that_hides_a_package_is_refused(commands, wheels, tmp_path):
    """A package ``components`` of the application would be imported in the place of Railyard's."""
    project = Project(tmp_path / "app", commands)
    (project.folder / "components").mkdir()
    (project.folder / "components" / "__init__.py").touch()

    refused = project.run("init", *BOT, "--packages", str(wheels), "--yes", code=2)

    assert "components/__init__.py hides Railyard's package 'components'" in refused
    assert "keep Pulumi.yaml in a folder of its own" in refused
