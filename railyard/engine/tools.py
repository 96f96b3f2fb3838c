"""Installs the Pulumi CLI and the plugins that this project is pinned to, by Pulumi's own means.

Owns the order and what is said when the network does not allow it. They go into the user's ``~/.pulumi``, where every
checkout and every ``pulumi`` finds them; ``.sandbox`` is emptied by ``make reset``.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import semver

from railyard.engine import go_build, pulumi_cli
from railyard.engine.pulumi_cli import PulumiCli
from railyard.shared.console import OperationError

_OTHERWISE = (
    "The embedded engine needs none of it. To install by hand, see https://www.pulumi.com/docs/install/ and run: {}"
)


def install_or_build(say: Callable[[str], object]) -> str:
    """Install what is missing, or build the CLI where none can be downloaded; return what to tell at the end.

    Raises ``OperationError`` when neither can be.
    """
    try:
        cli = install(say)
    except OperationError as problem:
        if pulumi_cli.find() is not None or not go_build.possible():
            raise
        say(str(problem).partition("\n")[0])
        program, host = (go_build.build(each, say) for each in (go_build.CLI, go_build.YAML_HOST))
        return (
            f"{program} and {host} are there, without {pulumi_cli.LANGUAGE_HOST} and plugins: tests/conformance, "
            "programs in YAML and inline programs of the Automation API can use them; `make` goes on with the embedded "
            "engine"
        )
    return f"{cli.program} and its plugins are there; for plain commands, have {cli.program.parent} on PATH"


def install(say: Callable[[str], object]) -> PulumiCli:
    """Install what is missing; ``say`` is told what is done. Raises ``OperationError``."""
    cli = pulumi_cli.find() or _install_cli(say)
    for name, version in pulumi_cli.plugin_versions().items():
        if any(lacking.startswith(f"pulumi-resource-{name} ") for lacking in cli.missing):
            say(f"installing the plugin {name} {version} into {pulumi_cli.home()}")
            process = cli.run(_plugin(name, version), cli.program.parent, {}, captured=True)
            if process.returncode != 0:
                raise _failure(f"the plugin {name} {version}", process.stdout + process.stderr)
    installed = PulumiCli(cli.program)
    if installed.missing:
        raise OperationError(
            f"{installed.program} lacks {' and '.join(installed.missing)}: install Pulumi's whole release"
        )
    return installed


def _install_cli(say: Callable[[str], object]) -> PulumiCli:
    # Imports most of the SDK, which nothing else of the sandbox's commands needs.
    from pulumi.automation import PulumiCommand  # noqa: PLC0415

    directory = pulumi_cli.tools_directory()
    say(f"installing the Pulumi CLI {directory.name} into {directory}")
    try:
        PulumiCommand.install(root=str(directory), version=semver.VersionInfo.parse(directory.name))
    except subprocess.CalledProcessError as problem:
        raise _failure("the Pulumi CLI", str(problem.output, errors="replace")) from None
    except OSError as problem:
        raise _failure("the Pulumi CLI", str(getattr(problem, "reason", problem))) from None
    cli = pulumi_cli.find()
    assert cli is not None
    return cli


def _plugin(name: str, version: str) -> list[str]:
    return ["plugin", "install", "resource", name, version]


def _failure(what: str, output: str) -> OperationError:
    by_hand = " && ".join(
        f"pulumi {' '.join(_plugin(name, version))}" for name, version in pulumi_cli.plugin_versions().items()
    )
    lines = [line for line in output.strip().splitlines() if line.strip()]
    return OperationError(
        f"{what} could not be downloaded: {lines[-1].strip() if lines else 'nothing was output'}\n"
        + _OTHERWISE.format(by_hand)
    )
