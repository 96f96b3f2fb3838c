"""Checks the secrets of a stack against what its systems need: offline, and as far as possible without the key.

Owns the report. The rules stand in ``stacks.secret_rules``, what is wrong with a file as such in ``sops``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sops
from railway_api.counting import count
from railyard.shared.console import OperationError, shown
from railyard.shared.stack import Stack, names, read_stack
from stacks import secret_rules
from stacks.project_folder import RAILYARD
from stacks.secret_rules import Finding, Kind
from stacks.secrets import FILE_VARIABLE, read_file

NO_SANDBOX_FILE: Final = "there is no such file, and none is needed: the sandbox makes up all values of the stack"
_KINDS: Final[dict[type[sops.SopsError], str]] = {
    sops.FileMissingError: "no-file",
    sops.NotEncryptedError: "not-encrypted",
    sops.WrongKeyError: "wrong-key",
    sops.TamperedError: "tampered",
    sops.ProgramError: "program",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong, and the way out."""

    kind: str
    text: str
    key: str = ""
    """``seance.STRIPE_SECRET_KEY``; empty when it is about the file."""
    fix: str = ""

    def document(self) -> dict[str, str]:
        """Return the problem for programs."""
        document = {"kind": self.kind, "key": self.key, "text": self.text, "fix": self.fix}
        return {name: text for name, text in document.items() if text}


@dataclass(kw_only=True)
class Check:
    """The findings of a check."""

    stack: Stack
    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])
    values_checked: bool = False
    note: str = ""
    """Why values were not checked."""
    secrets: int = 0
    """Number of secrets in the file that a system reads."""

    def document(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "stack": self.stack.name,
            "file": shown(self.stack.secrets_file),
            "ok": not self.problems,
            "valuesChecked": self.values_checked,
            **({"note": self.note} if self.note else {}),
            "secrets": self.secrets,
            "problems": [problem.document() for problem in self.problems],
            "warnings": [warning.document() for warning in self.warnings],
        }

    def lines(self) -> list[str]:
        """Return the report for people."""
        file = shown(self.stack.secrets_file)
        lines = [f"note: {self.note}"] if self.note else []
        lines += [f"warning: {warning.text}" for warning in self.warnings]
        if self.stack.sandbox and not self.stack.secrets_file.exists():
            return [*lines, f"{file}: {NO_SANDBOX_FILE}"]
        if not self.problems:
            extent = "names and values" if self.values_checked else "names"
            return [*lines, f"{file}: {count(self.secrets, 'secret')} of {self.stack.name}, {extent} are in order"]
        systems = {problem.key.partition(".")[0] for problem in self.problems if problem.key}
        affected = f" in {count(len(systems), 'system')}" if systems else ""
        lines.append(f"{file} has {count(len(self.problems), 'problem')}{affected}:")
        for problem in self.problems:
            lines += [problem.text, *([f"  {problem.fix}"] if problem.fix else [])]
        return lines


def check(stack: Stack) -> Check:
    """Check the stack's secrets file."""
    report = Check(stack=stack)
    try:
        document = read_file(Path(shown(stack.secrets_file)), stack.environment, empty=stack.needs_no_file)
    except sops.SopsError as error:
        report.problems.append(_file_problem(stack, error))
        return report
    present = secret_rules.present(document)
    declared, groups = stack.declared, set(stack.declared)
    if stack.sandbox:
        # Its file serves every stack and knows only the systems that came with the project: others get made-up values.
        groups = set(document.keys())
        declared = {system: needed for system, needed in declared.items() if system in groups}
    report.secrets = sum(
        secret.name in present.get(system, ()) for system, needed in declared.items() for secret in needed
    )
    findings = secret_rules.missing(declared, present)
    try:
        values = document.decrypt()
        findings += secret_rules.malformed(declared, values)
        report.values_checked = True
        findings += _shared(report, values)
    except sops.KeyMissingError as error:
        report.note = f"only names were checked: {error}"
    except sops.WrongKeyError as error:
        if stack.holds:  # another system's file is its own people's to open
            report.note = f"only names were checked: {error}"
        else:
            report.problems.append(_file_problem(stack, error))
    except sops.SopsError as error:
        report.problems.append(_file_problem(stack, error))
    report.problems += [_problem(stack, finding) for finding in findings]
    report.warnings += [_problem(stack, finding) for finding in secret_rules.unused(declared, document, groups)]
    return report


def _shared(report: Check, values: Mapping[str, Any]) -> list[Finding]:
    """Return secrets that have to differ from another stack's and do not; those that should differ become warnings."""
    findings: list[Finding] = []
    stack = report.stack
    one_for_all = stack.sandbox or FILE_VARIABLE in stack.environment
    for name in [] if one_for_all else names():
        if name == stack.name:
            continue
        others = _values_of(name, set(stack.declared))
        findings += secret_rules.shared(stack.declared, values, stack=name, others=others, refused=True)
        twice = secret_rules.shared(stack.declared, values, stack=name, others=others, refused=False)
        report.warnings += [Problem(kind=each.kind.value, key=each.key, text=each.text) for each in twice]
    return findings


def _values_of(name: str, systems: set[str]) -> dict[str, Any]:
    """Return system → secrets in clear of another stack, as far as its files can be opened here.

    Its own check reports why one cannot.
    """
    try:
        files = [each for each in read_stack(name).by_file() if each.holds is None or systems & set(each.holds)]
    except OperationError:
        return {}
    values: dict[str, Any] = {}
    for each in files:
        with suppress(sops.SopsError):
            values |= sops.read(shown(each.secrets_file), each.environment).decrypt()
    return values


def _file_problem(stack: Stack, error: sops.SopsError) -> Problem:
    kind = next((kind for each, kind in _KINDS.items() if isinstance(error, each)), "invalid")
    if isinstance(error, sops.FileMissingError):
        text = f"{shown(stack.secrets_file)} does not exist"
        return Problem(kind=kind, text=text, fix=f"make it: {RAILYARD} secrets init -s {stack.name}")
    return Problem(kind=kind, text=str(error))


def _problem(stack: Stack, finding: Finding) -> Problem:
    if finding.kind is Kind.UNUSED:
        return Problem(kind=finding.kind.value, key=finding.key, text=finding.text)
    _, secret = stack.secret(finding.key)
    fix = secret_rules.way_to_set(finding.key, secret, stack.name, sandbox=stack.sandbox)
    return Problem(kind=finding.kind.value, key=finding.key, text=finding.text, fix=fix)
