"""Any ``Pulumi.<name>.yaml`` is a stack: what it runs and where it stands on the road is in its settings."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from railyard.engine.configuration import read_configuration
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import first_stack, in_order, last_stack, read_stack, read_stacks
from stacks import python_systems
from stacks.problems import SettingsError
from stacks.settings import StackSettings, parse
from stacks.shared_settings import merged

ROOT = Path(__file__).parents[2]
DEV = """\
config:
  railyard:systems: [omega, rose]
  railyard:environment: development
  railyard:promotesFrom: ""
"""
DEFAULTS = """\
config:
  railyard:rose:
    workers: 2
    allowedOrigins: ["https://rose.example"]
    web: {repo: rose/rose, memoryMb: 1024, volume: {sizeGb: 1}}
  railyard:seance: {commit: a1b2c3d}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own with the stacks of this one."""
    for name in ("Pulumi.yaml", "defaults.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    return tmp_path


def parsed(text: str, defaults: str = "", *, stack: str = "dev") -> StackSettings:
    """The settings of a stack whose file holds ``text``."""
    import yaml  # noqa: PLC0415

    file = f"Pulumi.{stack}.yaml"
    return parse(yaml.safe_load(text)["config"], python_systems(), file=file, text=text, defaults=defaults)


def test_settings_are_judged_once_for_each_text(project: Path) -> None:
    """A command may read a stack as often as it likes; what is written meanwhile is read anew."""
    before = read_stack("staging").settings
    assert read_stack("staging").settings is before

    file = project / "Pulumi.staging.yaml"
    file.write_text(file.read_text().replace("commit: a1b2c3d", "commit: b2c3d4e"))
    assert read_stack("staging").settings.systems["seance"] != before.systems["seance"]
    with (project / "defaults.yaml").open("a") as shared:
        shared.write("  railyard:owner: ['@org/team']\n")
    assert read_stack("staging").settings.stack.owner != before.stack.owner


def test_a_stack_dev_takes_five_lines(project: Path) -> None:
    """With what all stacks share it names its systems and its environment, and everything else follows."""
    (project / "defaults.yaml").write_text(DEFAULTS)
    (project / "Pulumi.dev.yaml").write_text(DEV)
    assert len(DEV.splitlines()) <= 5

    dev = read_stack("dev")

    assert dev.systems == ["omega", "rose"]
    assert dev.environment_name == "development"
    assert dev.promotes_from is None
    assert dev.secrets_file == project / "secrets" / "dev.yaml"
    projects = [(each.project.name, each.project.environment) for each in dev.settings.systems.values()]
    assert projects == [("omega-development", "development"), ("rose-development", "development")]
    assert getattr(dev.settings.systems["rose"], "environment") == "development"  # noqa: B009
    assert read_configuration(project, "dev").targets("rose") == ("**::rose", "**::rose-*")


def test_a_stack_without_a_word_of_it_stands_for_what_its_name_says() -> None:
    """Its name is its environment, its systems are those of its file, its secrets are in the file of its name."""
    settings = parsed("config:\n  railyard:omega: {}\n", stack="omega-eu")

    assert (settings.name, settings.environment) == ("omega-eu", "omega-eu")
    assert list(settings.systems) == ["omega"]
    assert settings.systems["omega"].project.name == "omega-omega-eu"
    assert settings.secrets == "secrets/omega-eu.yaml"


def test_what_a_stack_says_outweighs_what_all_share() -> None:
    """Groups are merged key by key; a plain value, a list and null of the stack's own file win."""
    shared = {"rose": {"workers": 2, "web": {"repo": "a/b", "memoryMb": 1}}, "zones": [1, 2], "netia": {"redis": {}}}
    own = {"rose": {"web": {"memoryMb": 2}}, "zones": [3], "netia": {"redis": None}}

    both = merged(own, shared, ["rose", "netia", "omega"])

    assert both["rose"] == {"workers": 2, "web": {"repo": "a/b", "memoryMb": 2}}
    assert both["zones"] == [3]
    assert both["netia"] == {"redis": None}
    assert "omega" not in both
    assert merged(both, shared, ["rose", "netia", "omega"]) == both


def test_a_system_that_all_share_runs_only_where_a_stack_names_it() -> None:
    """What stands in the shared file alone is deployed nowhere."""
    assert list(parsed("config:\n  railyard:omega: {}\n", DEFAULTS).systems) == ["omega"]


NO_SYSTEM = """\
Pulumi.dev.yaml:3: railyard:systems[0] = "omga"
    allowed: a system of the project: omega, seance, omnistack, netia, rose
    fix: did you mean omega?"""
NOT_NAMED = """\
Pulumi.dev.yaml:4: railyard:omega
    allowed: a system that railyard:systems names
    fix: add omega there, or remove this key"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("railyard:systems: [omga]", NO_SYSTEM),
        ("railyard:systems: [rose]\n  railyard:omega: {}", NOT_NAMED),
        ("railyard:systems: []", "allowed: at least one system of"),
    ],
)
def test_systems_are_named_in_one_way(text: str, said: str) -> None:
    """A name that is none, and a system that has settings and is not named, are refused with file and line."""
    with pytest.raises(SettingsError) as refused:
        parsed(f"# one\nconfig:\n  {text}\n", DEFAULTS)

    assert said in str(refused.value)


def test_a_mistake_in_what_all_share_is_told_with_its_own_file_and_line() -> None:
    """Of a key that the stack's file outweighs the line is that of the stack's file."""
    with pytest.raises(SettingsError) as refused:
        parsed(f"{DEV}  railyard:rose: {{workers: 0}}\n", DEFAULTS.replace("memoryMb: 1024", "memoryMb: 1GB"))

    assert 'defaults.yaml:5: railyard:rose.web.memoryMb = "1GB"' in str(refused.value)
    assert "Pulumi.dev.yaml:5: railyard:rose.workers = 0" in str(refused.value)


@pytest.mark.parametrize("key", ["railway:plan: pro", "cloudflare:apiToken: abc", "railyard:nettia: {}"])
def test_the_shared_file_holds_keys_of_railyard_alone(key: str) -> None:
    """Pulumi's engine reads the keys of providers, and it does not read that file; a slip of a key is told, too."""
    with pytest.raises(SettingsError) as refused:
        parsed("config:\n  railyard:omega: {}\n", f"config:\n  {key}\n")

    assert f"defaults.yaml:2: {key.rpartition(':')[0]}" in str(refused.value)


def test_stacks_are_listed_behind_those_that_they_promote_from(project: Path) -> None:
    """Any number of them, with what workflows need to know of each."""
    omega = "config:\n  railyard:environment: production\n  railyard:promotesFrom: staging\n"
    omega += "  railyard:omega: {bot: {commitSha: a1b2c3d}}\n"
    (project / "Pulumi.a.omega.yaml").write_text(omega)

    stacks = read_stacks()

    assert [each.name for each in stacks] == ["staging", "a.omega", "production"]
    assert [each.promotes_from for each in stacks] == [None, "staging", "staging"]
    assert [each.environment_name for each in stacks] == ["staging", "production", "production"]
    assert stacks[1].systems == ["omega"]
    assert first_stack() == "staging"
    with pytest.raises(CallError, match=r"no stack is named.*stacks are a.omega, production"):
        last_stack()


def test_the_stack_that_nobody_names_follows_from_the_promotions(project: Path) -> None:
    """A change begins where others promote from and ends where nobody does; a single stack needs no name."""
    assert (first_stack(), last_stack()) == ("staging", "production")
    (project / "Pulumi.staging.yaml").unlink()
    assert (first_stack(), last_stack()) == ("production", "production")
    (project / "Pulumi.production.yaml").unlink()
    with pytest.raises(CallError, match="there is none"):
        first_stack()


def test_stacks_that_promote_in_a_circle_are_refused() -> None:
    """With their names."""
    with pytest.raises(OperationError, match=r"in a circle, a, b: correct their promotesFrom"):
        in_order({"a": "b", "b": "a", "c": None})


def test_no_code_knows_the_name_of_a_stack() -> None:
    """Neither is a text of its own in the commands, in what stacks share, in the packages, nor in the Makefile.

    Left out are the words of the five systems, of Railway itself, whose projects begin with an environment
    ``production``, and of the rehearsal, which brings settings of its own along.
    """
    railways = {"migrate/command.py", "projects/projects.py", "resources/project.py", "pulumiverse_railway/project.py"}
    found: list[str] = []
    for file in (*ROOT.glob("railyard/**/*.py"), *ROOT.glob("stacks/**/*.py"), *ROOT.glob("packages/*/*/**/*.py")):
        if "rehearsal" in file.parts or file.stem in {each.NAME for each in python_systems()}:
            continue
        if str(Path(*file.parts[-2:])) in railways:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        texts = [each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)]
        found += [str(file) for text in texts if text in ("staging", "production")]
    assert found == []
    assert "staging" not in (ROOT / "Makefile").read_text(encoding="utf-8").replace("from staging", "")


def test_a_shared_file_that_is_not_utf8_is_named(project: Path) -> None:
    """An editor saved it in another encoding: the file and the place are reported, and no traceback."""
    (project / "defaults.yaml").write_bytes(b"# caf\xe9\nconfig: {}\n")

    with pytest.raises(OperationError, match=r"defaults\.yaml is not UTF-8 text \(byte 5\): save it as UTF-8"):
        read_stack("staging")
