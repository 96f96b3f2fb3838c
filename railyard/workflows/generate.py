"""The workflow files that follow from the stacks and their systems, as texts.

Owns these texts; ``railyard workflows`` writes them. What a job does is one command of ``railyard``, so that it can be
tried on a laptop. They are written for a checkout of Railyard, and rewritten for a project that has it installed.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from importlib import resources
from typing import Final

from railyard.data.due import scheduled_copies
from railyard.shared.stack import Stack
from railyard.workflows.deploy import deploy
from railyard.workflows.images import images
from railyard.workflows.parts import (
    GITHUB,
    STACK,
    SYSTEM,
    UPLOAD,
    credentials,
    for_each,
    notify,
    own_tokens,
    secrets_of,
    set_up,
    variables_of,
)

FOLDER: Final = ".github/workflows"
MARK: Final = "# Generated from the stacks and their systems by `railyard workflows`: do not edit.\n"
"""The first line of each file."""

SET_UP: Final = ".github/actions/set-up/action.yml"
"""The action that sets jobs up; a checkout of Railyard has its own."""
_SAME: Final = ("preview", "comment")
"""Workflows that are the same whatever the stacks are."""
_OF_REVIEWS: Final = ("review", "review-comment", "review-sweep")
"""Workflows of projects with review environments."""
_PAGES: Final = re.compile(r"[ \n#]+See\s(?:# )?docs/[\w-]+\.md(?: for environments)?\.")


def files(stacks: Sequence[Stack], *, requirements: str = "") -> dict[str, str]:
    """Return each file with its text, path → text, for ``stacks``, each behind the one that it promotes from.

    With ``requirements``, the name of a file, they are those of a project that installs Railyard as it says.
    """
    reviewed = [stack for stack in stacks if stack.settings.stack.reviews]
    generated = {
        "deploy": deploy(stacks),
        "drift": _drift(stacks),
        "real": _real(stacks),
        "backup": _backup(stacks),
        "images": images(stacks),
        **{name: _template(name) for name in _SAME},
        **{name: _with_own_tokens(_template(name), reviewed) for name in _OF_REVIEWS if reviewed},
    }
    texts = {f"{FOLDER}/{name}.yml": MARK + text for name, text in generated.items() if text}
    if not requirements:
        return texts
    set_up = _template("set-up").replace("requirements.txt", requirements)
    return {SET_UP: MARK + set_up, **{name: _for_installed(text) for name, text in texts.items()}}


def _template(name: str) -> str:
    """Return a text that no stack decides."""
    return (resources.files("railyard.workflows") / "templates" / f"{name}.yml").read_text(encoding="utf-8")


def _with_own_tokens(text: str, stacks: Sequence[Stack]) -> str:
    """Return a text whose steps have the tokens of systems with an account of their own beside that of the stack."""
    tokens = secrets_of("RAILWAY_API_TOKEN", *own_tokens(stacks)).items()
    of_the_stack, *_ = lines = [f"          {name}: {value}\n" for name, value in tokens]
    return text.replace(of_the_stack, "".join(lines))


def _for_installed(text: str) -> str:
    """Return a workflow for a project without this repository's script, Makefile, tests and pages."""
    text = text.replace("make .venv/ready && ", "").replace("./bin/railyard", ".venv/bin/railyard")
    text = text.replace("[preview, real, check]", "[preview, real]").replace("tests are check.yml's, ", "")
    return _PAGES.sub("", text)


def _drift(stacks: Sequence[Stack]) -> str:
    return f"""\
# Every night: what was changed by hand, told in one issue for each stack, which is closed when nothing differs.
name: drift

on:
  schedule:
    - cron: "17 3 * * *"
  workflow_dispatch:

permissions: {{}}

jobs:
  drift:
    if: vars.RAILYARD_DEPLOY == 'true'
{for_each(stacks)}
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    environment: ${{{{ matrix.stack }}}}-plan
    concurrency:
      group: drift-${{{{ matrix.stack }}}}
      queue: max
    permissions:
      contents: read
      issues: write
    steps:
{textwrap.indent(set_up(pulumi=True), "  ")}
      - id: drift
        run: ./bin/railyard drift --stack "$STACK" --issue
{textwrap.indent(variables_of(STACK, GITHUB, credentials(stacks)), "  ")}
      # Not for a drift, of which the issue tells.
{textwrap.indent(notify("$STACK was not looked at for drift", telling_step="drift", env=STACK), "  ")}
"""


def _real(stacks: Sequence[Stack]) -> str:
    """Return the workflow that previews on real accounts, with credentials that can read alone, and no key."""
    return f"""\
# What the real state says of a pull request, where the repository has credentials and says so; never for a fork, which
# gets no secrets anyway. Its environments hold tokens that can only read, and no key of secrets. By itself, so that the
# comment does not wait for it: comment.yml adds it. See docs/pull-requests.md.
name: real

on:
  pull_request:

permissions: {{}}

concurrency:
  group: real-${{{{ github.ref }}}}
  cancel-in-progress: true

jobs:
  real:
    if: >-
      vars.RAILYARD_REAL_PREVIEW == 'true' &&
      github.event.pull_request.head.repo.full_name == github.repository
{for_each(stacks)}
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    environment: ${{{{ matrix.stack }}}}-preview
    permissions:
      contents: read
    steps:
{textwrap.indent(set_up(history=True, pulumi=True), "  ")}
      - run: ./bin/railyard diff HEAD^1 --stack "$STACK" --document comparison/diff.json || test -f comparison/diff.json
{textwrap.indent(variables_of(STACK), "  ")}
      - run: ./bin/railyard real comparison/diff.json --stack "$STACK"
{textwrap.indent(variables_of(STACK, credentials(stacks, key=False)), "  ")}
      - uses: {UPLOAD}
        with:
          name: real-${{{{ matrix.stack }}}}
          path: comparison
"""


def _backup(stacks: Sequence[Stack]) -> str:
    """Return the workflow that copies what the settings want copied, or nothing where none do."""
    entries = _copied_systems(stacks)
    return (
        entries
        and f"""\
# Every night: the copies outside of Railway that the settings ask for (files of volumes, dumps of databases), each as
# it is due, and a rehearsal of its restore in the stack before. See docs/backups.md.
name: backup

on:
  schedule:
    - cron: "23 1 * * *"
  workflow_dispatch:

permissions: {{}}

jobs:
  dump:
    if: vars.RAILYARD_BACKUP == 'true'
    strategy:
      fail-fast: false
      matrix:
        include:
{entries}
    runs-on: ubuntu-24.04
    timeout-minutes: 90
    environment: backup
    # A copy and a deletion of old ones at a time; a slow night does not cut off the one before.
    concurrency:
      group: backup-${{{{ matrix.stack }}}}-${{{{ matrix.system }}}}
      queue: max
    permissions:
      contents: read
    steps:
{textwrap.indent(set_up(), "  ")}
      - run: ./bin/railyard backup due "$SYSTEM" --stack "$STACK" --rehearse-in "$REHEARSE"
{textwrap.indent(variables_of(_COPIED, secrets_of(*_OF_COPIES, *own_tokens(stacks))), "  ")}
{textwrap.indent(notify("$SYSTEM was not copied out of Railway, or not restored as a rehearsal"), "  ")}
"""
    )


def _copied_systems(stacks: Sequence[Stack]) -> str:
    """Return the entries of the matrix: the systems of which the settings want copies."""
    copied = {
        stack.name: list(dict.fromkeys(each.system for each in scheduled_copies(stack))) for stack in _last(stacks)
    }
    return "\n".join(
        f"          - {{stack: {stack.name}, system: {system}, rehearse: {stack.promotes_from or stack.name}}}"
        for stack in stacks
        for system in copied.get(stack.name, ())
    )


_OF_COPIES: Final = ("RAILWAY_API_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
_COPIED: Final = {**STACK, **SYSTEM, "REHEARSE": "${{ matrix.rehearse }}"}


def _last(stacks: Sequence[Stack]) -> list[Stack]:
    """Return the stacks from which none promotes and which say where copies go."""
    sources = {stack.promotes_from for stack in stacks}
    return [stack for stack in stacks if stack.name not in sources and stack.settings.stack.backups]
