"""Checks of ``doctor`` that need no network: programs and packages, the settings' secrets, and which tokens are set.

``read_stack`` refuses wrong settings, beyond the limits of the plan too, before any of these checks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from components.bucket import BucketSettings
from railyard.accounts.railway_client import TOKEN_VARIABLES
from railyard.accounts.spaces_client import KEY_VARIABLES
from railyard.engine import pulumi_cli
from railyard.operate.doctor.findings import Finding, note, ok, problem
from railyard.secrets import check as secrets_check
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack
from stacks.arguments_tree import walk_arguments
from stacks.project_folder import RAILYARD

OLDEST_PYTHON: Final = (3, 11)
PACKAGES: Final = ("pulumi", "pulumi_cloudflare", "pulumi_digitalocean", "pulumiverse-railway")
TIMEOUT_S: Final = 30


def tools(*, real: bool) -> Iterator[Finding]:
    """Check programs on PATH and packages of this Python."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield problem("tools", f"Python {python} is too old", "install Python 3.11 or newer, and remove .venv")
    else:
        yield ok("tools", f"Python {python}")
    for package in PACKAGES:
        yield _package(package)
    yield _pulumi(real=real)
    yield from _plugins_on_path()
    if shutil.which("sops"):
        yield ok("tools", f"sops {_answer('sops', '--version', '--disable-version-check')}")
    else:
        fix = "install it from https://getsops.io to change secrets; reading them needs no program"
        yield note("tools", "sops is not on PATH", fix)


def _package(name: str) -> Finding:
    try:
        return ok("tools", f"{name} {version(name)}")
    except PackageNotFoundError:
        return problem(
            "tools",
            f"the package {name} is not installed",
            "install what requirements.txt pins",
        )


def _pulumi(*, real: bool) -> Finding:
    cli = pulumi_cli.find()
    if cli is None:
        install = f"run: {RAILYARD} tools, or install it from https://www.pulumi.com/docs/install/"
        if real:
            return problem("tools", "there is no pulumi, and a real account needs it", install)
        return note("tools", "there is no pulumi: the sandbox does without, a real account does not", install)
    installed = _answer(str(cli.program), "version").removeprefix("v")
    required = version("pulumi")
    if installed.split(".")[:1] != required.split(".")[:1]:
        text = f"{cli.program}, pulumi {installed}, does not fit the package pulumi {required}"
        return problem("tools", text, "install a matching one")
    return ok("tools", f"pulumi {installed}, {cli.program}")


def _plugins_on_path() -> Iterator[Finding]:
    """Compare plugins on PATH, of which Pulumi takes any version, with the versions that the packages ask for."""
    for name, required in pulumi_cli.plugin_versions().items():
        program = shutil.which(f"pulumi-resource-{name}")
        if program is None:
            continue
        installed = _answer(program, "--version").removeprefix("v")
        if installed == required:
            yield ok("tools", f"{program} {installed}")
        else:
            text = f"Pulumi takes {program}, which is {installed}, and the package pulumi_{name} asks for {required}"
            fix = f"take it off PATH, and run: pulumi plugin install resource {name} {required}"
            yield problem("tools", text, fix)


def _answer(*command: str) -> str:
    """Return the first line that a program prints, or why there is none in parentheses."""
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as failure:
        return f"(does not run: {type(failure).__name__})"
    lines = (process.stdout or process.stderr).strip().splitlines()
    return lines[0].removeprefix("sops ") if lines else "(says nothing)"


def settings(stack: Stack) -> Iterator[Finding]:
    """Report that the settings were read, and whether git has their file, which `pulumi stack rm` deletes."""
    systems = ", ".join(stack.settings.systems)
    file, root = f"Pulumi.{stack.name}.yaml", project_directory()
    yield ok("settings", f"{file} holds {systems}, all within the {stack.settings.plan} plan")
    if shutil.which("git") and (root / ".git").exists():
        tracked = subprocess.run(
            ["git", "ls-files", "--error-unmatch", file], cwd=root, capture_output=True, check=False
        )
        if tracked.returncode:
            fix = f"commit it, and never run `pulumi stack rm {stack.name}` without --preserve-config"
            yield note("settings", f"git does not hold {file}, which `pulumi stack rm` would delete", fix)


def secrets(stack: Stack) -> Iterator[Finding]:
    """Check that the secrets file exists, that the key opens it, and that no secret is missing."""
    report = secrets_check.check(stack)
    for each in report.problems:
        yield problem("secrets", each.text, each.fix or f"{RAILYARD} secrets check -s {stack.name}")
    if report.note:
        yield problem("secrets", report.note, "set SOPS_AGE_KEY_FILE to the file with your age key")
    if not report.problems and not report.note:
        yield ok("secrets", report.lines()[-1])
    for each in report.warnings:
        yield note("secrets", each.text, each.fix)


def tokens(stack: Stack) -> Iterator[Finding]:
    """Check which credentials the environment holds, not whether they work."""
    yield railway_token(stack)
    if stack.settings.stack.zones:
        yield cloudflare_token(stack)
    if any(
        isinstance(part, BucketSettings) for each in stack.settings.systems.values() for _, part in walk_arguments(each)
    ):
        yield digitalocean_token()
        yield spaces_key()


def railway_token(stack: Stack) -> Finding:
    """Check that one Railway token is set for the stack, and one for each system with an account of its own."""
    set_names = [name for name in TOKEN_VARIABLES if os.environ.get(name)]
    if len(set_names) > 1:
        text = f"{' and '.join(TOKEN_VARIABLES)} are both set, and Railway takes one"
        return problem("tokens", text, "unset one")
    own = [each.railway and each.railway.token_variable for each in stack.settings.systems.values()]
    of_stack = (set_names or TOKEN_VARIABLES[:1]) if None in own else []
    names = dict.fromkeys([*of_stack, *(name for name in own if name)])
    return _set([*names], "make one at https://railway.com/account/tokens")


def cloudflare_token(stack: Stack) -> Finding:
    """Check that a token for Cloudflare is set."""
    rights = ["Zone Read", "DNS Edit", "Zone Settings Edit", "SSL and Certificates Edit"]
    if any(each.redirects for each in stack.settings.systems.values()):
        rights.append("Single Redirect Edit")
    make = f"make one at https://dash.cloudflare.com/profile/api-tokens with {', '.join(rights)} of these zones"
    return _set(["CLOUDFLARE_API_TOKEN"], make)


def digitalocean_token() -> Finding:
    """Check that a token for DigitalOcean is set."""
    return _set(["DIGITALOCEAN_TOKEN"], "make one at https://cloud.digitalocean.com/account/api/tokens")


def spaces_key() -> Finding:
    """Check that both halves of a key for Spaces are set."""
    return _set(KEY_VARIABLES, "make a key at https://cloud.digitalocean.com/spaces/access_keys")


def _set(names: Sequence[str], fix: str) -> Finding:
    """Return whether all variables are set, or a problem with those that are not."""
    missing = [name for name in names if not os.environ.get(name)]
    if not missing:
        return ok("tokens", f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} set")
    return problem("tokens", f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set", fix)
