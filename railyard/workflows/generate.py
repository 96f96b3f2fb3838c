"""The workflow files that follow from the stacks and their systems, as texts.

Owns these texts; ``railyard workflows`` writes them. What a job does is one command of ``./bin/railyard``, so that it
can be tried on a laptop. Workflows that are the same whatever the stacks are stand in the folder as they are.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from railyard.data.due import wanted
from railyard.deliver.images import images_in
from railyard.shared.stack import Stack

FOLDER: Final = ".github/workflows"
MARK: Final = "# Generated from the stacks and their systems by `railyard workflows`: do not edit.\n"
"""The first line of each file."""
_CHECKOUT: Final = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"
_LOGIN: Final = "docker/login-action@5e57cd118135c172c3672efd75eb46360885c0ef # v3.6.0"
_UPLOAD: Final = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2"
_DOWNLOAD: Final = "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0"

_MESSAGES: Final = ("DISCORD_WEBHOOK_URL", "SLACK_WEBHOOK_URL")
_CLOUDS: Final = (
    "RAILWAY_API_TOKEN",
    "CLOUDFLARE_API_TOKEN",
    "DIGITALOCEAN_TOKEN",
    "SPACES_ACCESS_KEY_ID",
    "SPACES_SECRET_ACCESS_KEY",
)
_BACKEND: Final = {
    # Pulumi Cloud: the token alone.
    "PULUMI_ACCESS_TOKEN": "${{ secrets.PULUMI_ACCESS_TOKEN }}",
    # A bucket: its address, what encrypts secrets in the states, and a key for the bucket.
    "PULUMI_BACKEND_URL": "${{ vars.PULUMI_BACKEND_URL }}",
    "PULUMI_CONFIG_PASSPHRASE": "${{ secrets.PULUMI_CONFIG_PASSPHRASE }}",
    "AWS_ACCESS_KEY_ID": "${{ secrets.STATE_ACCESS_KEY_ID }}",
    "AWS_SECRET_ACCESS_KEY": "${{ secrets.STATE_SECRET_ACCESS_KEY }}",
}
_GITHUB: Final = {"GITHUB_TOKEN": "${{ github.token }}"}
_SYSTEM: Final = {"SYSTEM": "${{ matrix.system }}"}


def files(stacks: Sequence[Stack]) -> dict[str, str]:
    """Return each file with its text, path → text, for ``stacks``, each behind the one that it promotes from."""
    made = {
        "deploy": _deploy(stacks),
        "drift": _drift(stacks),
        "real": _real(stacks),
        "backup": _backup(stacks),
        "images": _images(stacks),
    }
    return {f"{FOLDER}/{name}.yml": MARK + text for name, text in made.items() if text}


def _deploy(stacks: Sequence[Stack]) -> str:
    jobs = [job for stack in stacks for job in (_changed(stack), *_approved(stack), _up(stack))]
    return f"""\
# What was merged goes to the first stack, and system by system, after somebody's approval, to those that promote from
# it. A system that fails goes back, and alone waits with the next stack. See docs/pull-requests.md for environments.
name: deploy

on:
  push:
    branches: [main]
  workflow_dispatch:

permissions: {{}}

jobs:
{_indented(jobs)}"""


def _changed(stack: Stack) -> str:
    """Name the job that finds the systems to deploy; that of a later stack waits for the one before."""
    before = stack.promotes_from
    when = "vars.RAILYARD_DEPLOY == 'true'" + (" && !cancelled()" if before else "")
    needs = f"\n  needs: {_job(before)}" if before else ""
    return f"""\
{_job(stack.name)}-changed:{needs}
  if: ${{{{ {when} }}}}
  runs-on: ubuntu-24.04
  timeout-minutes: 15
  outputs:
    systems: ${{{{ steps.changed.outputs.systems }}}}
  permissions:
    contents: read
    # With which commit each system went well last.
    deployments: read
  steps:
{_set_up(history=True)}
    - id: changed
      run: ./bin/railyard changed --stack {stack.name}
{_env(_GITHUB)}
{_notify(f"which systems of {stack.name} changed was not found out")}
"""


def _approved(stack: Stack) -> list[str]:
    """Plan what a reviewer approves, for a stack that promotes from another."""
    if not stack.promotes_from:
        return []
    return [
        f"""\
# What the reviewer of the environment {stack.name} approves: it stands in the summary of the run.
{_job(stack.name)}-plan:
  needs: {_job(stack.name)}-changed
{_matrix(stack)}
  runs-on: ubuntu-24.04
  timeout-minutes: 30
  environment: {_environment(stack, "-plan")}
  permissions:
    contents: read
  steps:
{_set_up(history=True, pulumi=True)}
    - run: ./bin/railyard plan "$SYSTEM" --stack {stack.name} --out plan.json --markdown | tee "$GITHUB_STEP_SUMMARY"
      shell: bash
{_env(_SYSTEM, _credentials())}
    - uses: {_UPLOAD}
      with:
        name: plan-{stack.name}-${{{{ matrix.system }}}}
        path: plan.json
{_notify(f"$SYSTEM in {stack.name} was not planned")}
"""
    ]


def _up(stack: Stack) -> str:
    approved = bool(stack.promotes_from)
    job = _job(stack.name)
    needs = f"[{job}-changed, {job}-plan]" if approved else f"{job}-changed"
    download = (
        f"""\
    - uses: {_DOWNLOAD}
      with:
        name: plan-{stack.name}-${{{{ matrix.system }}}}
"""
        if approved
        else "    # What it does was reviewed with the pull request; nobody looks at it once more.\n"
    )
    return f"""\
{job}:
  needs: {needs}
{_matrix(stack)}
  runs-on: ubuntu-24.04
  timeout-minutes: 90
  environment: {_environment(stack)}
  # A stack has one state: its systems are taken up one after the other, and none of them drops out.
  concurrency:
    group: deploy-{stack.name}
    queue: max
  permissions:
    contents: read
    # With which commit each system went well: there its way back leads.
    deployments: write
  steps:
{_set_up(history=True, pulumi=True)}
{download}\
    - id: deploy
      run: ./bin/railyard deploy "$SYSTEM" --stack {stack.name}{" --plan plan.json" if approved else ""}
{_env(_SYSTEM, _GITHUB, _credentials(*_MESSAGES))}
{_notify(f"the deployment of $SYSTEM in {stack.name} did not end", told="deploy")}
"""


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
{_for_each(stacks)}
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    environment: ${{{{ matrix.stack }}}}-plan
    # Not while a deployment changes what is looked at.
    concurrency:
      group: deploy-${{{{ matrix.stack }}}}
      queue: max
    permissions:
      contents: read
      issues: write
    steps:
{textwrap.indent(_set_up(pulumi=True), "  ")}
      - id: drift
        run: ./bin/railyard drift --stack "$STACK" --issue
{textwrap.indent(_env(_STACK, _GITHUB, _credentials()), "  ")}
      # Not for a drift, of which the issue tells.
{textwrap.indent(_notify("$STACK was not looked at for drift", told="drift", env=_STACK), "  ")}
"""


_STACK: Final = {"STACK": "${{ matrix.stack }}"}


def _for_each(stacks: Sequence[Stack]) -> str:
    """Run a job for each stack, whatever becomes of the others."""
    return f"""\
    strategy:
      fail-fast: false
      matrix:
        stack: {_list([stack.name for stack in stacks])}"""


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
{_for_each(stacks)}
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    environment: ${{{{ matrix.stack }}}}-preview
    permissions:
      contents: read
    steps:
{textwrap.indent(_set_up(history=True, pulumi=True), "  ")}
      - run: ./bin/railyard diff HEAD^1 --stack "$STACK" --document comparison/diff.json || test -f comparison/diff.json
{textwrap.indent(_env(_STACK), "  ")}
      - run: ./bin/railyard real comparison/diff.json --stack "$STACK"
{textwrap.indent(_env(_STACK, _credentials(key=False)), "  ")}
      - uses: {_UPLOAD}
        with:
          name: real-${{{{ matrix.stack }}}}
          path: comparison
"""


def _backup(stacks: Sequence[Stack]) -> str:
    """Return the workflow that copies what the settings want copied, or nothing where none do."""
    copied = {stack.name: list(dict.fromkeys(each.system for each in wanted(stack))) for stack in _last(stacks)}
    entries = [
        f"          - {{stack: {stack.name}, system: {system}, rehearse: {stack.promotes_from or stack.name}}}"
        for stack in stacks
        for system in copied.get(stack.name, ())
    ]
    if not entries:
        return ""
    newline = "\n"
    return f"""\
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
{newline.join(entries)}
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
{textwrap.indent(_set_up(), "  ")}
      - run: ./bin/railyard backup due "$SYSTEM" --stack "$STACK" --rehearse-in "$REHEARSE"
{textwrap.indent(_env(_COPIED, _secrets(*_OF_COPIES)), "  ")}
{textwrap.indent(_notify("$SYSTEM was not copied out of Railway, or not restored as a rehearsal"), "  ")}
"""


_OF_COPIES: Final = ("RAILWAY_API_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
_COPIED: Final = {**_STACK, **_SYSTEM, "REHEARSE": "${{ matrix.rehearse }}"}


def _images(stacks: Sequence[Stack]) -> str:
    """Return the workflow that builds images, where a system runs images of its own; else nothing."""
    jobs = [
        job
        for stack in stacks
        if not stack.promotes_from
        for system, settings in stack.settings.systems.items()
        if images_in(settings)
        for job in (_build(stack, system), _propose(stack, system))
    ]
    if not jobs:
        return ""
    return f"""\
# Builds and pushes the images of a system that deploys images, tagged with the short commit of its own repository, and
# proposes that commit for the first stack. Started by hand, or by the system's repository with a repository_dispatch
# event, whose payload may name system and commit. Build and proposal are apart, since the build runs code of another
# repository: only the other job may write.
name: images

on:
  workflow_dispatch:
    inputs:
      system:
        description: The system; without it all that have a repository
        default: ""
      commit:
        description: Commit or branch of the system's repository
        default: main
  repository_dispatch:
    types: [images]

permissions: {{}}

concurrency:
  group: images

jobs:
{_indented(jobs)}"""


def _build(stack: Stack, system: str) -> str:
    name = re.sub(r"[^A-Z0-9]", "_", system.upper())
    return f"""\
{_job(system)}-build:
  if: >-
    vars.{name}_REPOSITORY != '' &&
    contains(fromJSON('["", "{system}"]'), inputs.system || github.event.client_payload.system || '')
  runs-on: ubuntu-24.04
  timeout-minutes: 60
  permissions:
    contents: read
  outputs:
    commit: ${{{{ steps.build.outputs.commit }}}}
  steps:
    - uses: {_CHECKOUT}
      with:
        persist-credentials: false
    - uses: {_CHECKOUT}
      with:
        persist-credentials: false
        repository: ${{{{ vars.{name}_REPOSITORY }}}}
        ref: ${{{{ inputs.commit || github.event.client_payload.commit }}}}
        token: ${{{{ secrets.{name}_READ_TOKEN || github.token }}}}
        path: source
    - uses: ./.github/actions/set-up
    - uses: {_LOGIN}
      with:
        username: ${{{{ secrets.DOCKERHUB_USERNAME }}}}
        password: ${{{{ secrets.DOCKERHUB_TOKEN }}}}
    - run: ./bin/railyard images build {system} --stack {stack.name} --source source --push
    - id: build
      run: echo "commit=$(git -C source rev-parse HEAD | cut --characters=1-7)" >>"$GITHUB_OUTPUT"
"""


def _propose(stack: Stack, system: str) -> str:
    return f"""\
{_job(system)}-propose:
  needs: {_job(system)}-build
  runs-on: ubuntu-24.04
  timeout-minutes: 15
  permissions:
    contents: write
    pull-requests: write
  steps:
{_set_up()}
    # With GitHub's own token no workflow starts on the pull request until somebody closes and opens it again.
    - run: ./bin/railyard images propose {system} "$COMMIT" --stack {stack.name}
      env:
        GITHUB_TOKEN: ${{{{ secrets.RAILYARD_PULL_REQUEST_TOKEN || github.token }}}}
        COMMIT: ${{{{ needs.{_job(system)}-build.outputs.commit }}}}
"""


def _last(stacks: Sequence[Stack]) -> list[Stack]:
    """Return the stacks from which none promotes and which say where copies go."""
    sources = {stack.promotes_from for stack in stacks}
    return [stack for stack in stacks if stack.name not in sources and stack.settings.stack.backups]


def _matrix(stack: Stack) -> str:
    """Run a job for each changed system of a stack, whatever becomes of the others."""
    job = _job(stack.name)
    systems = f"needs.{job}-changed.outputs.systems"
    return f"""\
  if: ${{{{ !cancelled() && needs.{job}-changed.result == 'success' && {systems} != '[]' }}}}
  strategy:
    fail-fast: false
    matrix:
      system: ${{{{ fromJSON({systems}) }}}}"""


def _environment(stack: Stack, suffix: str = "") -> str:
    """Return whose secrets a job holds: those of the stack or, where each system has its own, of its system alone."""
    system = "-${{ matrix.system }}" if stack.settings.has_secrets_by_system else ""
    return f"{stack.name}{system}{suffix}"


def _job(stack: str) -> str:
    """Return the name of a stack's job: GitHub takes letters, digits, - and _, and no digit first."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", stack)
    return name if name[:1].isalpha() else f"stack-{name}"


def _set_up(*, history: bool = False, pulumi: bool = False) -> str:
    lines = [f"- uses: {_CHECKOUT}", "  with:", "    persist-credentials: false"]
    lines += ["    fetch-depth: 0"] if history else []
    lines += ["- uses: ./.github/actions/set-up"]
    lines += ["  with:", '    pulumi: "true"'] if pulumi else []
    return textwrap.indent("\n".join(lines), "    ")


def _notify(title: str, told: str = "", env: Mapping[str, str] | None = None) -> str:
    """End a job with a message of whatever nobody has told: a set-up that failed, the time limit, a run cut off."""
    when = "failure() || cancelled()"
    when = f"({when}) && steps.{told}.outputs.told != 'true'" if told else when
    known = _SYSTEM if "$SYSTEM" in title and env is None else env or {}
    step = f'- if: ${{{{ {when} }}}}\n  run: make .venv/ready && ./bin/railyard notify "{title}"'
    return f"{textwrap.indent(step, '    ')}\n{_env(known, _secrets(*_MESSAGES))}"


def _credentials(*more: str, key: bool = True) -> dict[str, str]:
    """Return what a step needs that asks the accounts: the backend of states, tokens, and the key of secrets."""
    return {**_BACKEND, **_secrets(*_CLOUDS, *(["SOPS_AGE_KEY"] if key else []), *more)}


def _secrets(*names: str) -> dict[str, str]:
    return {name: f"${{{{ secrets.{name} }}}}" for name in names}


def _env(*variables: Mapping[str, str]) -> str:
    """Return the variables of one step, which alone has them."""
    lines = [f"        {name}: {value}" for each in variables for name, value in each.items()]
    return "\n".join(["      env:", *lines])


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"


def _indented(jobs: Sequence[str]) -> str:
    return "\n".join(textwrap.indent(job, "  ", lambda line: bool(line.strip())) for job in jobs)
