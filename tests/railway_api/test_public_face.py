"""What the package offers, what it needs, and the example of its README."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import railway_api
from railway_sandbox.railway.cloud import RailwayCloud
from tests.provider.dashboard import click
from tests.provider.in_process import Connection

PACKAGE = Path(railway_api.__file__).parent
README = PACKAGE.parent / "README.md"


def imports(file: Path) -> Iterator[str]:
    """All modules that a file imports, those for types alone included."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE.name:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, file
            yield node.module or ""


def test_all_names_are_there() -> None:
    """``__all__`` is sorted, holds every error, and each name can be imported and says what it is."""
    assert railway_api.__all__ == sorted(set(railway_api.__all__))
    assert all(getattr(railway_api, name).__doc__ for name in railway_api.__all__)
    errors = ast.parse((PACKAGE / "errors.py").read_text()).body
    assert {each.name for each in errors if isinstance(each, ast.ClassDef)} <= set(railway_api.__all__)


def test_other_names_are_not_there() -> None:
    """A mistyped name fails as it does in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Clinet'"):
        _ = railway_api.Clinet  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    "used",
    [
        "from railway_api import Client, Environment, Plan, RailwayError, Snapshot",
        "from pulumiverse_railway.provider.assembly import build_provider; build_provider()",
    ],
)
def test_errors_and_plans_need_no_http_library(used: str) -> None:
    """A preview, which asks nobody, is not kept waiting by what it does not use."""
    code = f"import sys; {used}; print('httpx' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_package_stands_alone() -> None:
    """It needs httpx and Python, and nothing of the house."""
    needed = {name.partition(".")[0] for file in PACKAGE.rglob("*.py") for name in imports(file)}
    assert needed - set(sys.stdlib_module_names) == {"httpx", "railway_api"}


def test_files_form_no_circle() -> None:
    """Each file can be read with those below it alone, types included."""
    modules = [file for file in PACKAGE.rglob("*.py") if file != PACKAGE / "__init__.py"]
    files = {".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts): file for file in modules}
    below = {name: {each for each in imports(file) if each in files} for name, file in files.items()}
    while free := {name for name, needs in below.items() if not needs & below.keys()}:
        below = {name: needs for name, needs in below.items() if name not in free}
    assert below == {}


def test_example_of_the_readme_works(
    cloud: RailwayCloud, connection: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is run as it stands there; only what leaves the machine is answered by the simulated Railway."""

    async def answer(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        assert (request.url.scheme, request.url.host) == ("https", "backboard.railway.com")
        await request.aread()
        return await connection.transport().handle_async_request(request)

    project = click(cloud, "projectCreate", input={"name": "shop"})["id"]
    click(cloud, "serviceCreate", input={"projectId": project, "name": "web"})
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    monkeypatch.setenv("RAILWAY_API_TOKEN", cloud.account_token)
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    exec(compile(example, str(README), "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == "shop web never deployed\n"
