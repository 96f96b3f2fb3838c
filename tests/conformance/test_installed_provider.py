"""The provider as an installed wheel, with the real engine and a program that knows nothing of this project."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from railway_sandbox import addresses
from railway_sandbox.server import Sandbox
from tests.conformance.conftest import program
from tests.wheels.conftest import LEFT_OUT, ROOT, build, install, run
from tests.wheels.test_wheels import PROGRAM, environment

PARTS = ("pulumi-provider", "pulumiverse-railway", "railway-api")
AUTOMATION = """
import json, runpy
from pulumi import automation

def program():
    runpy.run_path("__main__.py")

stack = automation.create_or_select_stack("test", project_name="shop", program=program)
assert stack.preview().change_summary == {"create": 3}
done = stack.up()
assert stack.up().summary.resource_changes == {"same": 3}
print(json.dumps({name: output.value for name, output in done.outputs.items()}))
assert stack.destroy().summary.result == "succeeded"
"""


def test_a_program_elsewhere_uses_the_installed_provider_with_the_real_engine(tmp_path: Path) -> None:
    """An inline program of the Automation API: previewed, brought up once, found unchanged, and taken down."""
    for name in PARTS:
        shutil.copytree(ROOT / "packages" / name, tmp_path / "source" / name, ignore=LEFT_OUT)
    wheels = build(tmp_path / "wheels", *(tmp_path / "source").iterdir())
    elsewhere = tmp_path / "elsewhere"
    python = install(elsewhere / ".venv", wheels, "pulumiverse-railway")
    (elsewhere / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (elsewhere / "__main__.py").write_text(PROGRAM)
    sandbox = Sandbox(tmp_path / "sandbox")
    (tmp_path / "backend").mkdir()
    state = {
        "PULUMI_BACKEND_URL": (tmp_path / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "sandbox",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }

    with sandbox.serve() as address:
        outputs = run(
            python, "-c", AUTOMATION, cwd=elsewhere,
            env={**environment(elsewhere, program().parent), **addresses.environment(address), **state},
        )  # fmt: skip

    assert json.loads(outputs.splitlines()[-1])["project"] == "shop-staging"
    assert [each for each in sandbox.railway.state.services.values() if each.deleted_at is None] == []
