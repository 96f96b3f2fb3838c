"""Compares two sides stack by stack: the base is brought up, the head previewed on it.

Owns the order of work, what is said when a side does not work, and which secrets both sides run with. Runs nothing
itself and shows nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

from pulumi_operations.project import ProjectError
from railyard.engine.configuration import read_configuration
from railyard.output.money import calculation_of, of_document
from railyard.output.up_estimate import UpEstimate
from railyard.review import checkout as diff_checkout
from railyard.review.checkout import Checkout
from railyard.review.diff_document import Diff, Rule, Side, StackDiff, cut
from railyard.review.resource_changes import changes_of, refusals
from railyard.review.throwaway_sandbox import SideError, ThrowAway, errors
from railyard.review.touched import differing_files, touched
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import settings_in
from stacks.choice import CHOSEN_VARIABLE
from stacks.problems import SettingsError
from stacks.secrets import STANDINS_VARIABLE
from stacks.settings import PLAN_KEY, StackSettings
from stacks.shared_settings import NAMESPACE, file_name

_CODE: Final = "stacks"
"""Folder of a commit's own code; a project that has Railyard installed has none, and runs what is installed."""


@dataclass(kw_only=True)
class Comparison:
    """The two sides and where they are run."""

    base: Checkout
    head: Checkout
    sandbox: Path
    """A folder for throw-away sandboxes, one for each stack."""
    running: Path
    own_environment: bool
    say: Callable[[str], object]
    """Takes a line about what is going on."""

    def of(self, stacks: Sequence[str]) -> Diff:
        """Compare these stacks, or all; raises ``CallError`` for one that neither side has."""
        head_stacks, base_stacks = diff_checkout.stacks(self.head), diff_checkout.stacks(self.base)
        for name in stacks:
            if name not in head_stacks | base_stacks:
                raise CallError(
                    f"there is no stack {name!r}: name one of {', '.join(sorted(head_stacks | base_stacks))}"
                )
        return Diff(
            base=Side(name=self.base.name, subject=self.base.subject),
            head=Side(name=self.head.name, subject=self.head.subject),
            notes=tuple(self._notes()),
            stacks=tuple(
                self._stack(name, head_stacks, base_stacks)
                for name in stacks or sorted(head_stacks | base_stacks, reverse=True)
            ),
        )

    @cached_property
    def _files(self) -> list[str]:
        return differing_files(self.running, self.base.commit, self.head.commit)

    def _touched(self, name: str) -> list[str] | None:
        """Return the systems that can change; None: any, or the code of a side always makes all of them."""
        if not self._both_know("choice.py", CHOSEN_VARIABLE):
            return None
        systems = touched(self._files, name, self.base.directory, self.head.directory)
        return systems or (systems if self._is_valid(name) else None)

    def _is_valid(self, name: str) -> bool:
        """Tell whether the settings of the base are: where nothing differs, what is wrong with both has to be said."""
        return _valid_settings(self.base, name) is not None

    def _notes(self) -> list[str]:
        packages = diff_checkout.differing_packages(self.base, self.head)
        if not packages:
            return []
        with_what = (
            "each side ran with its own packages"
            if self.own_environment
            else "both sides ran with the packages installed here; --own-environment gives each its own"
        )
        return [f"requirements.txt differs ({', '.join(packages)}): {with_what}"]

    def _stack(self, name: str, head_stacks: set[str], base_stacks: set[str]) -> StackDiff:
        if name not in head_stacks:
            note = (
                f"Pulumi.{name}.yaml is gone. That by itself changes nothing that runs, and nothing would manage it "
                f"any more: take the stack down first (pulumi destroy -s {name})"
            )
            return StackDiff(stack=name, notes=(note,))
        systems = self._touched(name) if name in base_stacks else None
        if systems == []:
            return StackDiff(stack=name, plan=str(_settings(self.head, name).get(PLAN_KEY) or "pro"))
        notes: list[str] = [] if name in base_stacks else [f"the stack {name} is new: all of it will be created"]
        standins = name in base_stacks and self._with_standins(name, notes)
        own = self.own_environment and bool(diff_checkout.differing_packages(self.base, self.head))
        place = ThrowAway(
            self.sandbox / name, running=self.running, own_environment=own, standins=standins, systems=systems or ()
        )
        try:
            if name in base_stacks:
                self._bring_up(place, name, systems or ())
            self.say(f"previewing {self.head.name} on it")
            document = place.preview(self.head, name)
        except SideError as error:
            return StackDiff(stack=name, errors=(cut(str(error)),), notes=tuple(notes))
        finally:
            shutil.rmtree(self.sandbox / name, ignore_errors=True)
        return _stack_diff(name, document, self.head, notes)

    def _bring_up(self, place: ThrowAway, name: str, systems: Sequence[str]) -> None:
        alone = f", {', '.join(systems)} alone" if systems else ""
        self.say(f"{name}: bringing {self.base.name} up in a throw-away sandbox{alone}")
        try:
            problems = errors(place.up(self.base, name))
        except SideError as error:
            problems = [str(error)]
        if problems:
            raise SideError(
                f"{self.base.name}, with which this is compared, cannot be brought up in the sandbox, so nobody can "
                f"say what changes. It says:\n" + "\n".join(problems)
            )

    def _with_standins(self, name: str, notes: list[str]) -> bool:
        """Tell whether both sides can run with the stack's own secrets file, whose values cannot be read here.

        The code of both has to know the variable by which values are made up without the file's key.
        """
        files = [side.directory / _secrets_file(side, name) for side in (self.base, self.head)]
        if not files[1].exists():
            return False
        if files[0].exists() and self._both_know("secrets.py", STANDINS_VARIABLE):
            return True
        why = "is new" if not files[0].exists() else f"cannot be compared: {self.base.name} knows no stand-in values"
        notes.append(f"{_secrets_file(self.head, name)} {why}; the sandbox's own secrets were used on both sides")
        return False

    def _both_know(self, file: str, variable: str) -> bool:
        """Tell whether both sides read a variable: the code of an old commit may not, and what is installed does."""
        folders = [side.directory / _CODE for side in (self.base, self.head)]
        return all(variable in _text(folder / file) for folder in folders if folder.exists())


def _stack_diff(name: str, document: Mapping[str, Any], head: Checkout, notes: Sequence[str]) -> StackDiff:
    settings = _settings(head, name)
    steps = cast("Sequence[Mapping[str, Any]]", document["steps"])
    cost = document.get("cost")
    summary = cast("Mapping[str, int]", document.get("changeSummary") or {})
    warnings = [
        str(item["message"]).strip() for item in document.get("diagnostics") or () if item.get("severity") == "warning"
    ]
    changes = changes_of(steps)
    return StackDiff(
        stack=name,
        plan=str(settings.get(PLAN_KEY) or "pro"),
        changes=changes,
        money=of_document(steps, calculation_of(settings), _valid_settings(head, name)),
        unchanged=summary.get("same", 0),
        cost=UpEstimate(requests=cost["requests"], deployments=cost["deployments"]) if cost else None,
        rules=tuple(Rule.model_validate(each) for each in document.get("policies") or ()),
        errors=tuple(map(cut, refusals(document, changes))),
        partial=not document.get("complete", True),
        notes=(*notes, *dict.fromkeys(map(cut, warnings))),
    )


def _settings(side: Checkout, stack: str) -> Mapping[str, str]:
    """Return the configuration of a stack, as far as it can be read: what is wrong with it is the engine's to say."""
    try:
        return read_configuration(side.directory, stack).config
    except OperationError:
        return {}


def _valid_settings(side: Checkout, stack: str) -> StackSettings | None:
    """Return the settings of a stack as this code reads them; None for those that it refuses."""
    file = file_name(stack)
    try:
        return settings_in(file, _text(side.directory / file), side.directory)
    except (ProjectError, SettingsError, OperationError):
        return None


def _secrets_file(side: Checkout, stack: str) -> str:
    return str(_settings(side, stack).get(f"{NAMESPACE}:secrets") or f"secrets/{stack}.yaml")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
