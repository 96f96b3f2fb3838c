"""The common parts of several workflows' jobs: the set-up, the secrets, the message about what failed.

Owns these texts alone.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from railyard.shared.stack import Stack

CHECKOUT: Final = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"
UPLOAD: Final = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2"
DOWNLOAD: Final = "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0"
MESSAGES: Final = ("DISCORD_WEBHOOK_URL", "SLACK_WEBHOOK_URL")
CLOUDS: Final = (
    "RAILWAY_API_TOKEN",
    "CLOUDFLARE_API_TOKEN",
    "DIGITALOCEAN_TOKEN",
    "SPACES_ACCESS_KEY_ID",
    "SPACES_SECRET_ACCESS_KEY",
)
BACKEND: Final = {
    # Pulumi Cloud: the token alone.
    "PULUMI_ACCESS_TOKEN": "${{ secrets.PULUMI_ACCESS_TOKEN }}",
    # A bucket: its address, what encrypts secrets in the states, and a key for the bucket.
    "PULUMI_BACKEND_URL": "${{ vars.PULUMI_BACKEND_URL }}",
    "PULUMI_CONFIG_PASSPHRASE": "${{ secrets.PULUMI_CONFIG_PASSPHRASE }}",
    "AWS_ACCESS_KEY_ID": "${{ secrets.STATE_ACCESS_KEY_ID }}",
    "AWS_SECRET_ACCESS_KEY": "${{ secrets.STATE_SECRET_ACCESS_KEY }}",
}
GITHUB: Final = {"GITHUB_TOKEN": "${{ github.token }}"}
SYSTEM: Final = {"SYSTEM": "${{ matrix.system }}"}
STACK: Final = {"STACK": "${{ matrix.stack }}"}


def for_each(stacks: Sequence[Stack]) -> str:
    """Run a job for each stack, whatever becomes of the others."""
    return f"""\
    strategy:
      fail-fast: false
      matrix:
        stack: {flow_list([stack.name for stack in stacks])}"""


def environment_of(stack: Stack, suffix: str = "") -> str:
    """Return whose secrets a job holds: those of the stack or, where each system has its own, of its system alone."""
    system = "-${{ matrix.system }}" if stack.settings.has_secrets_by_system else ""
    return f"{stack.name}{system}{suffix}"


def job_name(stack: str) -> str:
    """Return the name of a stack's job: GitHub takes letters, digits, - and _, and no digit first."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", stack)
    return name if name[:1].isalpha() else f"stack-{name}"


def set_up(*, history: bool = False, pulumi: bool = False) -> str:
    lines = [f"- uses: {CHECKOUT}", "  with:", "    persist-credentials: false"]
    lines += ["    fetch-depth: 0"] if history else []
    lines += ["- uses: ./.github/actions/set-up"]
    lines += ["  with:", '    pulumi: "true"'] if pulumi else []
    return textwrap.indent("\n".join(lines), "    ")


def notify(title: str, telling_step: str = "", env: Mapping[str, str] | None = None) -> str:
    """Return the step that ends a job with a message of a failure: of the set-up, by the time limit, or cut off.

    ``telling_step`` is the id of a step that sends its own message, and then sets its output ``told``.
    """
    when = "failure() || cancelled()"
    when = f"({when}) && steps.{telling_step}.outputs.told != 'true'" if telling_step else when
    variables = SYSTEM if "$SYSTEM" in title and env is None else env or {}
    step = f'- if: ${{{{ {when} }}}}\n  run: make .venv/ready && ./bin/railyard notify "{title}"'
    return f"{textwrap.indent(step, '    ')}\n{variables_of(variables, secrets_of(*MESSAGES))}"


def credentials(stacks: Sequence[Stack], *more: str, key: bool = True) -> dict[str, str]:
    """Return what a step needs that asks the accounts: the backend of states, tokens, and the key of secrets."""
    return {**BACKEND, **secrets_of(*CLOUDS, *own_tokens(stacks), *(["SOPS_AGE_KEY"] if key else []), *more)}


def own_tokens(stacks: Sequence[Stack]) -> list[str]:
    """Return the variables with the Railway tokens of systems that have an account of their own."""
    return sorted({name for stack in stacks for name in stack.token_variables})


def secrets_of(*names: str) -> dict[str, str]:
    return {name: f"${{{{ secrets.{name} }}}}" for name in names}


def variables_of(*variables: Mapping[str, str]) -> str:
    """Return the variables of one step, which alone has them."""
    lines = [f"        {name}: {value}" for each in variables for name, value in each.items()]
    return "\n".join(["      env:", *lines])


def flow_list(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"


def indented(jobs: Sequence[str]) -> str:
    return "\n".join(textwrap.indent(job, "  ", lambda line: bool(line.strip())) for job in jobs)
