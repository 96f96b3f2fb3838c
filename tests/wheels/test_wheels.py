"""The parts as wheels: each installs alone and imports, and the provider serves a program that knows nothing of us."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from railway_sandbox.server import Sandbox
from tests.wheels.conftest import LEFT_OUT, PACKAGES, ROOT, empty, fill, install, run
from tools import versions

IMPORT_ALL = """
import importlib, pkgutil, sys
(package,) = (importlib.import_module(name) for name in sys.argv[1:])
for each in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not each.name.endswith("__main__"):
        importlib.import_module(each.name)
print(package.__file__)
"""
PROGRAM = """
import pulumi
import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
service = railway.Service("web", project_id=project.id, environment_id=project.environment_id, name="web")
pulumi.export("project", project.name)
pulumi.export("service", service.id)
"""
EMBEDDED = """
import json
from pathlib import Path

from pulumi_operations.events import Operation
from pulumi_embedded.runner import Options, run
from railway_sandbox import addresses
from railway_sandbox.server import Sandbox

with Sandbox(Path("sandbox")).serve() as address:
    done = run(
        Operation.UP,
        Options(
            root=Path.cwd(), stack="test", state_file=Path("state.json"), config={},
            plugins={"railway": ["pulumi-resource-railway"]}, environment=addresses.environment(address),
        ),
    )
assert done.succeeded, done
print(json.dumps(dict(done.outputs)))
"""


@pytest.mark.parametrize("name", PACKAGES)
def test_a_wheel_installs_alone_and_imports(wheels, tmp_path, name):
    """In an empty environment, every module of it; its version, licence and types are in the wheel."""
    python = install(tmp_path / "environment", wheels, name)
    modules = next(path.parent.name for path in (ROOT / "packages" / name).glob("*/__init__.py"))

    place = run(python, "-I", "-c", IMPORT_ALL, modules, cwd=tmp_path)

    assert Path(place.strip()).is_relative_to(tmp_path / "environment")
    (wheel,) = wheels.glob(f"{name.replace('-', '_')}-{versions.version()}-py3-none-any.whl")
    held = zipfile.ZipFile(wheel).namelist()
    assert f"{modules}/py.typed" in held
    assert any(path.endswith("licenses/LICENSE") for path in held)
    assert not [path for path in held if not re.match(rf"{modules}/|{wheel.name.split('-')[0]}-", path)]


def test_the_wheel_of_the_provider_holds_what_pulumi_looks_for(wheels):
    """The schema, the note by which the CLI knows the plugin, and the plugin as an executable."""
    (wheel,) = wheels.glob("pulumiverse_railway-*.whl")
    archive = zipfile.ZipFile(wheel)

    schema = json.loads(archive.read("pulumiverse_railway/schema.json"))
    note = json.loads(archive.read("pulumiverse_railway/pulumi-plugin.json"))
    (entries,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))

    assert (schema["name"], schema["version"]) == ("railway", versions.version())
    assert note == {"resource": True, "name": "railway", "version": versions.version()}
    assert "pulumi-resource-railway = pulumiverse_railway.provider.main:run" in archive.read(entries).decode()


@pytest.fixture(scope="session")
def elsewhere(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program of its own and an environment in which the wheels are installed."""
    directory = tmp_path_factory.mktemp("elsewhere")
    install(directory / ".venv", wheels, "pulumiverse-railway", "railway-sandbox", "pulumi-embedded")
    (directory / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (directory / "__main__.py").write_text(PROGRAM)
    return directory


def environment(directory: Path, *programs: Path) -> dict[str, str]:
    """The variables of a shell in which the folder's environment is activated, and nothing of this project."""
    path = [directory / ".venv" / "bin", *programs, "/usr/bin", "/bin"]
    home = directory / "home"
    return {"PATH": os.pathsep.join(map(str, path)), "HOME": str(home), "PULUMI_HOME": str(home / ".pulumi")}


COMPONENTS = """
import pulumi

from components.inputs import VolumeInputs
from components.postgres import Postgres, PostgresArgs
from components.project import Project, ProjectArgs
from components.service import Service, ServiceArgs

project = Project("shop", ProjectArgs(name="shop-staging", environment="staging"))
registry = Service("registry", ServiceArgs(project=project, image="registry:2", railway_domain=True, port=5000))
# A digest as a build gives it: of what exists only when the program is brought up.
digest = registry.service_id.apply(lambda id: id.replace("-", "") * 2)
database = Postgres("db", PostgresArgs(project=project, password=pulumi.Output.secret("made-up-password"), size_gb=1))
web = Service(
    "web",
    ServiceArgs(
        project=project,
        image=pulumi.Output.concat("example/web@sha256:", digest),
        volume=VolumeInputs(mount_path="/data", size_gb=1),
        variables={"DATABASE_URL": database.url()},
        uses=[database.service],
    ),
)
pulumi.export("image", pulumi.Output.concat("example/web@sha256:", digest))
"""


def test_components_elsewhere_run_an_image_that_is_known_when_they_are_brought_up(installed, tmp_path):
    """A folder with a program and nothing else of this project; the provider comes with the wheels."""
    python = installed.with_name("python")
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(COMPONENTS)
    shell = {"PATH": os.pathsep.join([str(python.parent), "/usr/bin", "/bin"]), "HOME": str(tmp_path / "home")}

    outputs = json.loads(run(python, "-c", EMBEDDED, cwd=tmp_path, env=shell))

    services = Sandbox(tmp_path / "sandbox").railway.state.services.values()
    assert {each.name for each in services} == {"registry", "postgres", "web"}
    assert outputs["image"].startswith("example/web@sha256:")
    assert run(python, "-c", "import components, sys; print(components.__file__)", cwd=tmp_path).startswith(
        str(python.parents[1])
    )


def test_a_program_elsewhere_uses_the_installed_provider_with_the_embedded_engine(elsewhere):
    """Nothing but the wheels: the simulated Railway holds what the program asked for."""
    python = elsewhere / ".venv" / "bin" / "python"

    outputs = json.loads(run(python, "-c", EMBEDDED, cwd=elsewhere, env=environment(elsewhere)))

    assert outputs["project"] == "shop-staging"
    (service,) = Sandbox(elsewhere / "sandbox").railway.state.services.values()
    assert (service.id, service.name) == (outputs["service"].rpartition("/")[2], "web")


def test_the_folder_of_the_provider_is_a_plugin_by_itself(tmp_path):
    """As ``pulumi package add <git address>/packages/pulumiverse-railway`` finds it: its requirements make it start."""
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "packages", repository / "packages", ignore=LEFT_OUT)
    plugin = repository / "packages" / "pulumiverse-railway"
    python = empty(tmp_path / "environment")
    fill(python, "--requirement", "requirements.txt", cwd=plugin)

    with subprocess.Popen([python, plugin, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as started:
        assert started.stdout
        port = started.stdout.readline().strip()
        started.terminate()

    assert 0 < int(port) < 65_536


def test_the_installed_commands_work_on_the_project_in_whose_folder_they_are_called(installed, tmp_path):
    """In a folder below one that holds a program with settings and secrets, and nothing else of this checkout."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "secrets", project / "secrets")
    for name in ("__main__.py", "Pulumi.staging.yaml", "defaults.yaml"):
        shutil.copy(ROOT / name, project)
    systems = (ROOT / "Pulumi.yaml").read_text().partition("\nrailyard:")[2]
    (project / "Pulumi.yaml").write_text(f"name: railyard\nruntime: python\nrailyard:{systems}")
    options = {"cwd": project / "secrets", "env": {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}}

    planned = json.loads(run(installed, "plan", "--stack", "staging", "--sandbox", "--json", **options))
    wrong = subprocess.run(
        [installed, "status", "--stack", "test"], capture_output=True, text=True, check=False, **options
    )

    assert {change["type"] for change in planned["changes"]} >= {"railway:Project", "railway:ServiceInstance"}
    assert (wrong.returncode, wrong.stderr) == (2, "error: there is no stack 'test': name one of staging\n")


def test_the_installed_commands_outside_of_a_project_say_what_is_missing(installed, tmp_path):
    """Help needs none; whatever works on a stack ends with one sentence."""
    options = {"cwd": tmp_path, "env": {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}}

    helped = run(installed, "--help", **options)
    done = subprocess.run([installed, "status"], capture_output=True, text=True, check=False, **options)

    assert "What people do with a stack of Railyard" in helped
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: there is no Pulumi.yaml in {tmp_path} or in a folder above it: change into the folder of a project, "
        "make one with `railyard init`, or name one in RAILYARD_PROJECT\n"
    )
