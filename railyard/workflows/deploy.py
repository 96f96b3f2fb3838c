"""The workflow that deploys what was merged, stack by stack and system by system, as a text."""

from __future__ import annotations

from collections.abc import Sequence

from railyard.shared.console import OperationError
from railyard.shared.stack import Stack
from railyard.workflows.parts import (
    DOWNLOAD,
    GITHUB,
    MESSAGES,
    SYSTEM,
    UPLOAD,
    credentials,
    environment_of,
    indented,
    job_name,
    notify,
    set_up,
    variables_of,
)


def deploy(stacks: Sequence[Stack]) -> str:
    """Return the workflow as YAML; raises ``OperationError`` for two stacks whose jobs would have one name."""
    _refuse_equal_names(stacks)
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
{indented(jobs)}"""


def _refuse_equal_names(stacks: Sequence[Stack]) -> None:
    owners: dict[str, str] = {}
    for stack in stacks:
        for suffix in ("", "-changed", *(["-plan"] if stack.promotes_from else [])):
            job = f"{job_name(stack.name)}{suffix}"
            if owners.setdefault(job, stack.name) != stack.name:
                raise OperationError(
                    f"the stacks {owners[job]} and {stack.name} would both have the job {job} of deploy.yml: rename one"
                )


def _changed(stack: Stack) -> str:
    """Name the job that finds the systems to deploy; that of a later stack waits for the one before."""
    before = stack.promotes_from
    when = "vars.RAILYARD_DEPLOY == 'true'" + (" && !cancelled()" if before else "")
    needs = f"\n  needs: {job_name(before)}" if before else ""
    return f"""\
{job_name(stack.name)}-changed:{needs}
  if: ${{{{ {when} }}}}
  runs-on: ubuntu-24.04
  timeout-minutes: 15
  outputs:
    systems: ${{{{ steps.changed.outputs.systems }}}}
  permissions:
    contents: read
    # With which commit each system went well last, and whose environments there are.
    deployments: read
    actions: read
  steps:
{set_up(history=True)}
    - id: changed
      run: ./bin/railyard changed --stack {stack.name}
{variables_of(GITHUB)}
{notify(f"which systems of {stack.name} changed was not found out")}
"""


def _approved(stack: Stack) -> list[str]:
    """Plan what a reviewer approves, for a stack that promotes from another."""
    if not stack.promotes_from:
        return []
    return [
        f"""\
# What the reviewer of the environment {stack.name} approves: it stands in the summary of the run.
{job_name(stack.name)}-plan:
  needs: {job_name(stack.name)}-changed
{_matrix(stack)}
  runs-on: ubuntu-24.04
  timeout-minutes: 30
  environment: {environment_of(stack, "-plan")}
  permissions:
    contents: read
  steps:
{set_up(history=True, pulumi=True)}
    - run: ./bin/railyard plan "$SYSTEM" --stack {stack.name} --out plan.json --markdown | tee "$GITHUB_STEP_SUMMARY"
      shell: bash
{variables_of(SYSTEM, credentials([stack]))}
    - uses: {UPLOAD}
      with:
        name: plan-{stack.name}-${{{{ matrix.system }}}}
        path: plan.json
{notify(f"$SYSTEM in {stack.name} was not planned")}
"""
    ]


def _up(stack: Stack) -> str:
    approved = bool(stack.promotes_from)
    job = job_name(stack.name)
    needs = f"[{job}-changed, {job}-plan]" if approved else f"{job}-changed"
    download = (
        f"""\
    - uses: {DOWNLOAD}
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
  environment: {environment_of(stack)}
  # One deployment of a system at a time, and none drops out. Those of other systems do not wait for its approval: a
  # stack has one state, and `deploy` waits while another run holds it.
  concurrency:
    group: deploy-{stack.name}-${{{{ matrix.system }}}}
    queue: max
  permissions:
    contents: read
    # With which commit each system went well: its rollback returns to it.
    deployments: write
  steps:
{set_up(history=True, pulumi=True)}
{download}\
    - id: deploy
      run: ./bin/railyard deploy "$SYSTEM" --stack {stack.name}{" --plan plan.json" if approved else ""}
{variables_of(SYSTEM, GITHUB, credentials([stack], *MESSAGES))}
{notify(f"the deployment of $SYSTEM in {stack.name} did not end", telling_step="deploy")}
"""


def _matrix(stack: Stack) -> str:
    """Run a job for each changed system of a stack, whatever becomes of the others."""
    job = job_name(stack.name)
    systems = f"needs.{job}-changed.outputs.systems"
    return f"""\
  if: ${{{{ !cancelled() && needs.{job}-changed.result == 'success' && {systems} != '[]' }}}}
  strategy:
    fail-fast: false
    matrix:
      system: ${{{{ fromJSON({systems}) }}}}"""
