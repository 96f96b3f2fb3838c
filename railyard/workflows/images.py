"""The workflow that builds the images of systems that run images of their own, as a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from railyard.deliver.images import images_in
from railyard.shared.stack import Stack
from railyard.workflows.parts import CHECKOUT, indented, job_name, set_up

_LOGIN: Final = "docker/login-action@5e57cd118135c172c3672efd75eb46360885c0ef # v3.6.0"


def images(stacks: Sequence[Stack]) -> str:
    """Return the workflow that builds images, where a system runs images of its own; else nothing."""
    built = [
        (stack, system)
        for stack in stacks
        if not stack.promotes_from
        for system, settings in stack.settings.systems.items()
        if images_in(settings)
    ]
    several = {system for system, number in Counter(system for _, system in built).items() if number > 1}
    jobs: list[str] = []
    for stack, system in built:
        name = job_name(f"{system}-{stack.name}" if system in several else system)
        jobs += [_build(stack, system, name), _propose(stack, system, name)]
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
{indented(jobs)}"""


def _build(stack: Stack, system: str, job: str) -> str:
    name = re.sub(r"[^A-Z0-9]", "_", system.upper())
    return f"""\
{job}-build:
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
    - uses: {CHECKOUT}
      with:
        persist-credentials: false
    - uses: {CHECKOUT}
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


def _propose(stack: Stack, system: str, job: str) -> str:
    return f"""\
{job}-propose:
  needs: {job}-build
  runs-on: ubuntu-24.04
  timeout-minutes: 15
  permissions:
    contents: write
    pull-requests: write
  steps:
{set_up()}
    # With GitHub's own token no workflow starts on the pull request until somebody closes and opens it again.
    - run: ./bin/railyard images propose {system} "$COMMIT" --stack {stack.name}
      env:
        GITHUB_TOKEN: ${{{{ secrets.RAILYARD_PULL_REQUEST_TOKEN || github.token }}}}
        COMMIT: ${{{{ needs.{job}-build.outputs.commit }}}}
"""
