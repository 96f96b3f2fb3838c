"""``railyard review up``: one environment is let in, written down, brought up, filled with data and verified.

Owns the order. What is written down comes before anything that exists, so that a run that is killed at any moment
leaves nothing that the next cleanup does not find.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from components.bucket import BucketSettings
from pulumi_operations.project import load_file
from railyard.accounts.github import Pull
from railyard.accounts.running_services_query import running_systems
from railyard.deliver.deploy import last_look
from railyard.engine.engines import engine_for
from railyard.environments import data
from railyard.environments.context import ReviewContext, github
from railyard.environments.document import LONGEST_TEXT, Address, Check, Environment, moment
from railyard.environments.record import Record, oldest_first, settings_file
from railyard.environments.settings import ReviewSettings, Source, make
from railyard.review.checkout import path_in_repository
from railyard.shared.console import CallError, OperationError
from railyard.shared.project import project_directory
from railyard.shared.settings_text import settings_yaml
from railyard.shared.stack import read_stack
from stacks.arguments_tree import walk_arguments
from stacks.project_folder import RAILYARD
from stacks.shared_settings import file_name

LABEL: Final = "review"
"""The label of a pull request that starts its environment, and that ends it when it is taken away."""
_ENCRYPTION: Final = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys of a settings file that the Pulumi CLI writes; they belong to the state."""
_COMMIT_DIGITS: Final = 40
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Request:
    """The environment that is requested."""

    number: int
    commit: str = ""
    repository: str = ""
    branch: str = ""
    given: dict[tuple[str, ...], str] = field(default_factory=dict[tuple[str, ...], str])


class RefusedError(OperationError):
    """There may be no such environment now."""


def bring_up(context: ReviewContext, request: Request, *, say: Say, quiet: bool) -> Environment:
    """Bring the environment of a pull request up, as it is now; raises ``OperationError`` when it cannot begin."""
    pull, source = _source(context, request)
    number = request.number
    with context.records.held(number):
        fillings, notes = (
            data.planned(context.base, context.reviews, list(context.base.declared)) if source.trusted else ([], [])
        )
        review_settings = make(context.base, source, data.sizes_gb(fillings))
        fillings = [each for each in fillings if each.system in review_settings.settings.systems]
        notes = [note for note in notes if note.partition("/")[0] in review_settings.settings.systems]
        former = context.records.all().get(number)
        record = _admit(context, _record(context, request, pull, review_settings, former))
        _write_settings(context, number, review_settings.text)
        say(f"{record.name}: {', '.join(review_settings.settings.systems)}, from the settings of {context.base.name}")
        problems, checks, addresses = _bring_up_and_verify(context, record, fillings, say, quiet=quiet)
    if pull and record.labelled and LABEL not in pull.labels and (api := github()):
        api.add_label(number, LABEL)
    return Environment(
        number=number,
        state="failed" if problems or not all(each.passed for each in checks) else "up",
        stack=context.base.name,
        commit=record.commit,
        expires=record.expires,
        cost=record.cost,
        addresses=tuple(addresses),
        checks=tuple(checks),
        notes=(*review_settings.left_out.values(), *notes, *_of_fork(record)),
        problems=tuple(line[:LONGEST_TEXT] for line in problems),
    )


def _of_fork(record: Record) -> tuple[str, ...]:
    return (
        ("it runs the code of a fork: it has no secrets and no data, and stays at this commit",) if record.fork else ()
    )


def _source(context: ReviewContext, request: Request) -> tuple[Pull | None, Source]:
    """Return the pull request, where GitHub can be asked, and what its environment is to run."""
    api = github()
    pull = api.pull(request.number) if api else None
    own = Source(number=request.number, repository=request.repository, branch=request.branch, given=request.given)
    if pull is None or api is None:
        return None, own
    if not pull.open:
        raise CallError(f"pull request {request.number} is closed: there is nothing to look at")
    if request.commit and request.commit != pull.commit:
        raise RefusedError(
            f"pull request {request.number} is at {pull.commit[:12]} and not at {request.commit[:12]} (any more): look "
            "at what is there now, and name that commit"
        )
    if not pull.of_fork:
        return pull, own
    if len(request.commit) != _COMMIT_DIGITS:
        raise RefusedError(
            f"pull request {request.number} comes from a fork: a maintainer looks at its newest commit first, and says "
            f"so with --commit {pull.commit}"
        )
    text = api.file(path_in_repository(project_directory() / file_name(context.base.name)), pull.commit)
    return pull, replace(own, text=text, trusted=False)


def _record(
    context: ReviewContext, request: Request, pull: Pull | None, review_settings: ReviewSettings, former: Record | None
) -> Record:
    now = context.now()
    settings = review_settings.settings.systems.values()
    buckets = [part for each in settings for _, part in walk_arguments(each) if isinstance(part, BucketSettings)]
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if former and former.stack != context.base.name:
        raise CallError(f"{former.name} is made from {former.stack}: end it there, or give --stack {former.stack}")
    if former and former.repository != repository and former.repository and repository:
        raise CallError(f"{former.name} is the environment of a pull request of {former.repository}")
    return Record(
        number=request.number,
        stack=context.base.name,
        begun=now,
        first=former.first if former else now,
        expires=now + timedelta(hours=context.reviews.hours),
        commit=pull.commit if pull else request.commit,
        repository=repository,
        fork=bool(pull and pull.of_fork),
        labelled=os.environ.get("GITHUB_ACTIONS") == "true",
        cost=review_settings.cost,
        systems=tuple(review_settings.settings.systems),
        filled=former.filled if former else (),
        buckets=tuple((each.name, str(each.region)) for each in buckets),
        zones=tuple((zone.name, zone.id) for zone in review_settings.settings.stack.zones),
    )


def _admit(context: ReviewContext, record: Record) -> Record:
    """Write the record down, unless there are too many or they cost too much; raises ``RefusedError`` then.

    They are counted once more when it is written: of two that come at once, one sees the other.
    """
    before = context.records.all()
    former = before.get(record.number)
    if refusal := _refusal(context, record, oldest_first({**before, record.number: record})):
        raise RefusedError(refusal)
    context.records.write(record)
    refusal = _refusal(context, record, oldest_first(context.records.all()))
    if refusal is None:
        return record
    if former:
        context.records.write(former)
    else:
        context.records.remove(record.number)
    raise RefusedError(refusal)


def _refusal(context: ReviewContext, record: Record, every: Sequence[Record]) -> str | None:
    reviews, every = context.reviews, [each for each in every if each.stack == record.stack]
    others = [each for each in every if each.number != record.number]
    listed = ", ".join(f"{each.name} until {moment(each.expires)}" for each in others)
    if [each.number for each in every].index(record.number) >= reviews.most:
        return (
            f"there are {len(others)} review environments, and railyard:reviews.most allows {reviews.most}: {listed}; "
            f"end one with {RAILYARD} review down {others[0].number}, or raise it"
        )
    cost = sum(each.cost for each in every)
    if reviews.budget is not None and cost > reviews.budget:
        return (
            f"with {record.name}, about ${record.cost:,.2f} a month as used, review environments would cost "
            f"${cost:,.2f}, and railyard:reviews.budget is ${reviews.budget:,.2f}; there are {listed or 'no others'}: "
            "end one, raise it, or name fewer railyard:reviews.systems"
        )
    return None


def _write_settings(context: ReviewContext, number: int, text: str) -> None:
    """Write the settings file of the environment, with what the Pulumi CLI wrote there about its state."""
    file = settings_file(number)
    written: dict[str, Any] = load_file(file) if file.exists() else {}
    base = load_file(project_directory() / file_name(context.base.name))
    encryption = {key: written[key] for key in _ENCRYPTION if key in written}
    if not encryption and "secretsprovider" in base:
        encryption = {"secretsprovider": base["secretsprovider"]}
    file.write_text(text + (settings_yaml(encryption) if encryption else ""), encoding="utf-8")


def _bring_up_and_verify(
    context: ReviewContext, record: Record, fillings: Sequence[data.DatabaseFilling], say: Say, *, quiet: bool
) -> tuple[list[str], list[Check], list[Address]]:
    """Bring it up, databases with data first; return what went wrong, what verify found, and where it answers."""
    stack = read_stack(record.name)
    engine = engine_for(stack, sandbox=context.sandbox)
    root, problems = project_directory(), list[str]()
    empty = [filling for filling in fillings if filling.system not in record.filled]
    try:
        if empty:
            targets = [target for filling in empty for target in filling.targets]
            problems += engine.up_from(root, targets, quiet=quiet).problems
        for filling in empty if not problems else ():
            data.fill(context.railway, stack, filling, say)
            record = record.model_copy(update={"filled": (*record.filled, filling.system)})
            context.records.write(record)
        problems += engine.up_from(root, (), quiet=quiet).problems
    except OperationError as error:
        problems.append(str(error))
    context.records.write(record.model_copy(update={"ended": True}))
    running = context.railway.run(running_systems(context.railway, stack))
    addresses = [
        Address(where=f"{system.name}/{service.name}", url=f"https://{domain.name}")
        for system in running
        for service in system.services
        for domain in service.domains
    ]
    checks = context.railway.run(last_look(context.railway, stack, say=say)) if not problems else ()
    shown = [Check(where=each.where, check=each.check, passed=each.passed, found=each.found[:1_000]) for each in checks]
    return problems, shown, addresses


def expired(record: Record, now: datetime) -> bool:
    """Tell whether the time of an environment is over."""
    return now >= record.expires
