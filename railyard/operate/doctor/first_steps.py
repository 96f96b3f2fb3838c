"""The steps from a fresh clone to the first ``up`` on real accounts: the list of ``doctor --first`` and of its page.

Owns what each step is, which stacks need it, and their order; ``first_step_checks`` has the checks, and ``first_page``
writes ``docs/first-steps.md``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from railway_api.failure import Failure
from railyard.operate.doctor import first_step_checks as checks
from railyard.operate.doctor.clouds import TOKENS_AT_CLOUDFLARE
from railyard.operate.doctor.findings import Finding, Level, problem
from railyard.operate.doctor.first_step_checks import StepContext
from railyard.shared.console import OperationError

TOKENS_AT_RAILWAY: Final = "https://railway.com/account/tokens"


class State(StrEnum):
    """State of a step."""

    DONE = "done"
    TO_DO = "to do"
    BY_HAND = "by hand"
    """No API says: a person has to check."""
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do once."""

    name: str
    """Name for programs."""
    title: str
    who: str
    """The stacks or people that need it, as the page names them."""
    how: str
    """Instruction, in Markdown."""
    link: str
    """Address of the page on which it is done or described."""
    check: Callable[[StepContext], Awaitable[Sequence[Finding]]]
    """Return findings that say how far it is; changes nothing."""
    needed: Callable[[StepContext], bool] = lambda _: True
    after: str = ""
    """Name of the step without which it cannot be checked."""


STEPS: Final = (
    Step(
        name="machine",
        title="Python, packages and Pulumi",
        who="everybody",
        how=(
            "`make preview` makes `.venv` with all packages and shows what would be created, without an "
            "account. Install the [Pulumi CLI](https://www.pulumi.com/docs/install/), or let `make tools` do "
            "it."
        ),
        link="https://www.pulumi.com/docs/install/",
        check=checks.machine,
    ),
    Step(
        name="settings",
        title="Settings of your own",
        who="everybody",
        how=(
            "Write into `Pulumi.<stack>.yaml` which systems the stack runs, and `railway:plan` as your Railway "
            "workspace has it: `free`, `hobby`, `pro` or `enterprise`. `railyard settings <stack>` shows each "
            "value with its origin."
        ),
        link="settings.md",
        check=checks.settings,
    ),
    Step(
        name="railway-token",
        title="A token for Railway",
        who="everybody",
        how=(
            f"Make it at <{TOKENS_AT_RAILWAY}> and set `RAILWAY_API_TOKEN`. A *workspace* token (choose the "
            "workspace) is the smaller one and enough. An *account* token (no workspace) may all that you may, "
            "and is needed where one stack uses several workspaces. A *project* token, from a project's "
            "settings, is too little: it makes no project."
        ),
        link=TOKENS_AT_RAILWAY,
        check=checks.railway_token,
    ),
    Step(
        name="railway-plan",
        title="The plan of the workspace",
        who="everybody",
        how=(
            "`railway:plan` decides what is refused before anything is made, and how many requests are sent in "
            "an hour. It has to be the plan that the workspace has, or a smaller one."
        ),
        link="https://railway.com/workspace/plans",
        check=checks.railway_plan,
        after="railway-token",
    ),
    Step(
        name="github-app",
        title="Railway's GitHub app",
        who="stacks with a service that Railway builds from a repository (`repo`)",
        how=(
            "Install it for the account or organization that owns the repositories, for all of them or for "
            "those of the stack. Only with an account token Railway tells which repositories it reaches."
        ),
        link=checks.GITHUB_APP,
        check=checks.github_app,
        needed=checks.has_repositories,
        after="railway-token",
    ),
    Step(
        name="cloudflare-token",
        title="A token for Cloudflare",
        who="stacks with `railyard:zones`",
        how=(
            f"Make it at <{TOKENS_AT_CLOUDFLARE}> (*Create Custom Token*) and set `CLOUDFLARE_API_TOKEN`. For "
            "each zone of the stack it needs *Zone, Zone, Read*, *Zone, DNS, Edit*, *Zone, Zone Settings, "
            "Edit*, *Zone, SSL and Certificates, Edit*, and with [redirects](components.md#redirect) *Zone, "
            "Single Redirect, Edit*. Nothing of an account, and no other zone."
        ),
        link=TOKENS_AT_CLOUDFLARE,
        check=checks.cloudflare_token,
        needed=checks.has_zones,
    ),
    Step(
        name="cloudflare-zones",
        title="The zones",
        who="stacks with `railyard:zones`",
        how=(
            "Each zone is at Cloudflare already: its registrar points to Cloudflare's name servers. Copy its id "
            "from its overview page into `railyard:zones`. What the token may *read* of each zone is asked; "
            "that it may write too shows in the first `up`."
        ),
        link="domains.md",
        check=checks.cloudflare_zones,
        needed=checks.has_zones,
        after="cloudflare-token",
    ),
    Step(
        name="digitalocean-token",
        title="A token for DigitalOcean",
        who="stacks with a bucket in Spaces",
        how=(
            "Make it at <https://cloud.digitalocean.com/account/api/tokens> with *Custom Scopes*, all of "
            "`spaces_key` and `cdn`, and set `DIGITALOCEAN_TOKEN`. It makes the key of each bucket, and its "
            "CDN."
        ),
        link="https://cloud.digitalocean.com/account/api/tokens",
        check=checks.digitalocean_token,
        needed=checks.has_spaces,
    ),
    Step(
        name="spaces-key",
        title="A key for Spaces",
        who="stacks with a bucket in Spaces",
        how=(
            "Make it at <https://cloud.digitalocean.com/spaces/access_keys> with *Full Access*, since it makes "
            "buckets, and set `SPACES_ACCESS_KEY_ID` and `SPACES_SECRET_ACCESS_KEY`. Applications get other "
            "keys, which open their bucket alone."
        ),
        link="https://cloud.digitalocean.com/spaces/access_keys",
        check=checks.spaces_key,
        needed=checks.has_spaces,
    ),
    Step(
        name="secrets",
        title="The secrets file",
        who="stacks whose systems have secrets",
        how=(
            "`railyard secrets init -s <stack> --age <your public key>` writes a skeleton, `secrets generate` "
            "makes what is yours to choose, `secrets check` tells what is missing. Set `SOPS_AGE_KEY_FILE` to "
            "the file with your private key."
        ),
        link="secrets.md",
        check=checks.secrets,
        needed=checks.has_secrets,
    ),
    Step(
        name="state",
        title="A place for the state",
        who="everybody on real accounts; in the sandbox it is a file",
        how=(
            "`pulumi login` for Pulumi Cloud, or a bucket of your own: `railyard state init --bucket <name> "
            "--region <region>` makes one and prints what to set. Then once for each stack `pulumi stack init "
            "<stack>`."
        ),
        link="state.md",
        check=checks.state,
        needed=checks.is_real,
    ),
    Step(
        name="github",
        title="GitHub, for the road from pull request to production",
        who="projects with workflows; a first `up` does without",
        how=(
            "The workflows of the repository take the same tokens from GitHub's *environments*, one for each "
            "stack. GitHub shows nobody which secrets are set: compare with the list of the page."
        ),
        link="pull-requests.md",
        check=checks.github,
        needed=checks.has_workflows,
    ),
    Step(
        name="first-up",
        title="The first up",
        who="everybody",
        how=(
            "`pulumi preview -s <stack>` shows what is created and asks nobody; `pulumi up -s <stack>` makes "
            "it, and ends when every service is healthy and every name answers. `railyard verify -s <stack>` "
            "looks from outside."
        ),
        link="real-accounts.md",
        check=checks.first_up,
        after="railway-token",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The state of one step for a stack, and what to do."""

    step: Step
    state: State
    text: str
    """The finding of the check, as one sentence."""
    next: str = ""
    """Next step, where there is one."""


async def walk(context: StepContext) -> list[Outcome]:
    """Return the outcome of each step, in order."""
    outcomes: dict[str, Outcome] = {}
    for step in STEPS:
        outcomes[step.name] = await _check(step, context, outcomes.get(step.after))
    return list(outcomes.values())


async def _check(step: Step, context: StepContext, before: Outcome | None) -> Outcome:
    if not step.needed(context):
        return Outcome(step=step, state=State.NOT_NEEDED, text=f"for {step.who}")
    if before is not None and before.state is not State.DONE:
        return Outcome(step=step, state=State.TO_DO, text=f"after: {before.step.title}")
    try:
        findings = await step.check(context)
    except (Failure, OperationError) as error:
        findings = [problem(step.name, str(error), "fix this first, then run doctor --first again")]
    wrong = [each for each in findings if each.level is Level.PROBLEM]
    good = [each.text for each in findings if each.level is Level.OK]
    if wrong:
        text = "; ".join(each.text for each in wrong)
        return Outcome(step=step, state=State.TO_DO, text=text, next="; ".join(dict.fromkeys(e.fix for e in wrong)))
    if good:
        return Outcome(step=step, state=State.DONE, text="; ".join(good))
    return Outcome(step=step, state=State.BY_HAND, text=findings[0].text, next=findings[0].fix)
