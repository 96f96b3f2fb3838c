"""``railyard secrets``: make, check, fill and apply the secrets of a stack.

Owns the commands: their options, what they print and how they end. The work is in the modules beside this one. No
command shows a value, and none takes one on its command line.
"""

from __future__ import annotations

import shlex
import sys
from typing import Annotated, Any

import typer

import sops
from railway_api.counting import count
from railyard.secrets import apply as secrets_apply
from railyard.secrets import check as secrets_check
from railyard.secrets import secrets_file
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    can_ask,
    check_can_ask,
    reported_errors,
    shown,
    write_json,
)
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack
from stacks import secret_rules
from stacks.project_folder import RAILYARD
from stacks.secret_rules import Secret

application = typer.Typer(no_args_is_help=True, help="Make, check, fill and apply the secrets of a stack.")

SandboxOption = Annotated[bool, typer.Option("--sandbox", help="The sandbox's own file and key.")]
KeysArgument = Annotated[list[str] | None, typer.Argument(metavar="[SYSTEM.KEY]...", show_default=False)]
AgeOption = Annotated[
    list[str] | None,
    typer.Option("--age", metavar="RECIPIENT", help="Public age key (age1…) that can open the file; may stand twice."),
]


@application.command()
def init(
    stack: StackOption = "",
    age: AgeOption = None,
    system: Annotated[
        str, typer.Option("--system", show_default=False, help="Only this system's file, where each system has one.")
    ] = "",
    *,
    json: JsonOption = False,
) -> None:
    """Make the secrets file of a stack: the rule of who can open it, and every key that its systems need, empty.

    A file that exists is left alone: the missing keys are listed.

    Without the sops program the skeleton is written, and the command printed that encrypts it.
    """
    with reported_errors(json=json):
        parts = _chosen(read_stack(stack), system)
        documents = [_make(part, age, json=json) for part in parts]
        if json:
            write_json(documents[0] if len(documents) == 1 else {"stack": stack, "files": documents})
    raise typer.Exit(PROBLEM if any(each.get("problems") for each in documents) else 0)


def _chosen(stack: Stack, system: str) -> list[Stack]:
    """Return the stack once for each secrets file, or for that of one system; raises ``CallError``."""
    if not system:
        return stack.by_file()
    stack.chosen([system])
    if stack.holding(system).holds is None:
        raise CallError(f"{shown(stack.secrets_file)} holds the secrets of all systems: leave --system out")
    return [stack.holding(system)]


def _make(part: Stack, age: list[str] | None, *, json: bool) -> dict[str, Any]:
    """Make one secrets file, or list what it lacks; return the document about it. Prints unless ``json``."""
    stack, file = part.name, shown(part.secrets_file)
    if part.secrets_file.exists():
        secrets_file.remove_empty_skeleton(part)
        return _list_missing(part, json=json)
    if part.secrets_file.suffix == ".json":
        raise OperationError(f"{file}: the file is made as YAML, so its name has to end in .yaml")
    if part.holds:
        part.secrets_file.parent.mkdir(exist_ok=True)
    rules, rule_added = shown(secrets_file.rules_file(part)), not secrets_file.has_rule(part)
    if rule_added:
        secrets_file.add_rule(part, age or _ask_recipient(json=json))
    elif not secrets_file.is_rule_for(part, age or ()):
        raise CallError(
            f"{rules} has a rule for {part.secrets_file.name} already, and not for this key: add the key there, or "
            "leave --age out"
        )
    command = _write_skeleton(part)
    created = shown(secrets_file.skeleton_file(part)) if command else file
    if not json:
        if rule_added:
            typer.echo(f"{rules}: added the rule of {part.secrets_file.name}")
        if command:
            typer.echo(f"{created}: written. Encrypt it, empty or filled in, with\n  {command}")
        else:
            typer.echo(f"{created}: made, with empty values. Fill it in:")
            typer.echo(f"  {RAILYARD} secrets generate -s {stack}\n  sops edit {file}")
    return {"stack": stack, "created": created, "ruleAdded": rule_added, "run": command}


@application.command()
def check(stack: StackOption = "", *, sandbox: SandboxOption = False, json: JsonOption = False) -> None:
    """Check the secrets of a stack, offline: missing, not whole, malformed, unused, not encrypted, wrong key.

    Without the key names alone are checked.
    """
    with reported_errors(json=json):
        reports = [secrets_check.check(each) for each in read_stack(stack, sandbox=sandbox).by_file()]
        documents = [report.document() for report in reports]
        if json and len(documents) == 1:
            write_json(documents[0])
        elif json:
            write_json({"stack": stack, "ok": all(each["ok"] for each in documents), "files": documents})
        else:
            for line in (line for report in reports for line in report.lines()):
                typer.echo(line)
    raise typer.Exit(PROBLEM if any(report.problems for report in reports) else 0)


@application.command()
def generate(
    keys: KeysArgument = None,
    stack_name: StackOption = "",
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Also make the named ones anew that are there.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Make the missing secrets that nobody hands out, such as passwords of databases, and store them unseen.

    Without names: all required ones that are missing. Optional ones are made when named.
    """
    with reported_errors(json=json):
        stack = read_stack(stack_name, sandbox=sandbox)
        if replace and not keys:
            raise CallError("--replace needs the names of the secrets, such as shop.SESSION_KEY")
        systems = {stack.secret(key)[0] for key in keys or ()}
        names: dict[str, Any] = {}
        for part in stack.by_file():
            if not systems or part.holds is None or systems & set(part.holds):
                names |= secret_rules.present(_open(part))
        stored: list[str] = []
        for system, secret in _to_generate(stack, keys or (), names, replace=replace):
            secrets_file.store(stack.holding(system), system, secret.name, secret.generate())
            stored.append(f"{system}.{secret.name}")
            if not json:
                typer.echo(f"{stored[-1]}: made and stored")
        if json:
            write_json({"stack": stack_name, "file": shown(stack.secrets_file), "made": stored})
        elif not stored:
            typer.echo("nothing to make: every required secret that can be made is there")


@application.command("set")
def set_value(
    key: Annotated[str, typer.Argument(metavar="SYSTEM.KEY", show_default=False)],
    stack_name: StackOption = "",
    *,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Set one secret: asks for its value without showing it, or reads it from standard input."""
    with reported_errors(json=json):
        stack = read_stack(stack_name, sandbox=sandbox)
        system, secret = stack.secret(key)
        stack = stack.holding(system)
        _open(stack)
        value = typer.prompt(key, hide_input=True) if can_ask() else _given()
        reason = secret.problem(value)
        if reason:
            raise OperationError(f"{key} {reason} ({secret.meaning}); nothing was changed")
        secrets_file.store(stack, system, secret.name, value)
        if json:
            write_json({"stack": stack_name, "file": shown(stack.secrets_file), "set": key})
        else:
            typer.echo(f"{key}: stored. Deploy it with {RAILYARD} secrets apply -s {stack_name}")


@application.command()
def apply(
    stack_name: StackOption = "",
    *,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would be deployed again, and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="In the sandbox, wherever the environment points.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Deploy changed secrets: exactly the services that read them, and nothing else, until they are healthy.

    Refuses when anything but secrets would change in those services.

    Works in the sandbox unless RAILWAY_API_URL or a Railway token points at a real account, which takes the Pulumi CLI.
    """
    with reported_errors(json=json):
        if not (preview or yes):
            check_can_ask("--preview to see what would be done", json=json)
        stack = read_stack(stack_name)
        succeeded = secrets_apply.apply(stack, sandbox=sandbox, preview=preview, yes=yes, json=json)
    raise typer.Exit(0 if succeeded else PROBLEM)


def _given() -> str:
    """Return what stands on standard input, without the end of its last line."""
    try:
        text = sys.stdin.buffer.read().decode() if sys.stdin else ""
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise OperationError("what was given is not valid UTF-8, so no variable can hold it; nothing was changed")
    return text.rstrip("\r\n")


def _ask_recipient(*, json: bool) -> list[str]:
    if json or not can_ask():
        raise CallError(
            "there is no rule yet of who can open the file: give --age with a public age key (age1…); "
            "`age-keygen -o <file outside the repository>` makes a key and prints its public part"
        )
    return str(typer.prompt("Public age key (age1…) that can open the file")).replace(",", " ").split()


def _write_skeleton(stack: Stack) -> str:
    """Write the skeleton and encrypt it; return the command that does that where there is no sops, else nothing."""
    skeleton, rules = secrets_file.skeleton_file(stack), secrets_file.rules_file(stack)
    secrets_file.write_skeleton(stack)
    if secrets_file.find(stack.environment) is None:
        remove = f" && rm {shlex.quote(shown(skeleton))}"
        command = secrets_file.encrypt_command("sops", rules, skeleton, stack.secrets_file, stack.secrets_file)
        return shlex.join(command) + remove
    secrets_file.encrypt(stack, rules, skeleton)
    skeleton.unlink()
    return ""


def _list_missing(stack: Stack, *, json: bool) -> dict[str, Any]:
    """Return the report about a file that exists. Prints what it lacks, unless ``json``."""
    report = secrets_check.check(stack)
    if not json:
        lacking = [problem for problem in report.problems if problem.kind == secret_rules.Kind.MISSING]
        others = [problem for problem in report.problems if problem not in lacking]
        missing = count(len(lacking), "secret")
        typer.echo(f"{shown(stack.secrets_file)} exists and was left as it is; {missing} missing")
        for problem in [*others, *lacking]:
            typer.echo(problem.text + (f"\n  {problem.fix}" if problem.fix else ""))
    return report.document() | {"created": None}


def _open(stack: Stack) -> sops.Document:
    """Return the file once its key is known to be here: the program's own messages are not for people."""
    try:
        document = sops.read(shown(stack.secrets_file), stack.environment)
        document.decrypt()
    except sops.FileMissingError:
        if stack.sandbox:
            raise OperationError(f"{shown(stack.secrets_file)}: {secrets_check.NO_SANDBOX_FILE}") from None
        raise OperationError(
            f"{shown(stack.secrets_file)} does not exist: make it with {RAILYARD} secrets init -s {stack.name}"
        ) from None
    except sops.SopsError as error:
        raise OperationError(str(error)) from None
    return document


def _to_generate(
    stack: Stack, keys: list[str] | tuple[()], names: secret_rules.Present, *, replace: bool
) -> list[tuple[str, Secret]]:
    chosen = [stack.secret(key) for key in keys]
    for system, secret in chosen:
        if secret.generated is None:
            raise CallError(
                f"{system}.{secret.name} is handed out by somebody else ({secret.meaning}): "
                f"give it with {RAILYARD} secrets set -s {stack.name} {system}.{secret.name}"
            )
        if secret.name in names.get(system, ()) and not replace:
            raise OperationError(f"{system}.{secret.name} is there already; --replace makes it anew")
    if chosen:
        return chosen
    return [
        (system, secret)
        for system, needed in stack.declared.items()
        for secret in needed
        if secret.generated and secret.required and secret.name not in names.get(system, ())
    ]
