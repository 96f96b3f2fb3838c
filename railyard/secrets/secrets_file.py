"""A stack's secrets file: the rule that says who can open it, a skeleton with every key that is needed, and writing it.

Owns both texts, and the calls of the ``sops`` program, which encrypts a new file and sets one value. Never changes a
secrets file that exists otherwise, and never takes a rule away. The program writes into a copy, which replaces the file
once it is whole: it empties a file before it writes, so that an interruption or a full disk would take all secrets
along. A value goes through standard input, so that it stands in no list of processes and no history. Nothing that the
program says is repeated: its messages can quote values.
"""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import go_yaml
from railyard.shared.console import CallError, OperationError, shown
from railyard.shared.files import write_whole
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack
from stacks.secret_rules import Secret

_pyrage: Final[Any] = importlib.import_module("pyrage")  # an extension module without type information
_LIST: Final = re.compile(r"^creation_rules:[ \t]*(#.*)?\n", re.MULTILINE)
_WIDTH: Final = 110


def rules_file(stack: Stack) -> Path:
    """Return the file of rules that belongs to the stack's secrets file: beside it, or beside its folder."""
    return (stack.secrets_file.parent.parent if stack.holds else stack.secrets_file.parent) / ".sops.yaml"


def skeleton_file(stack: Stack) -> Path:
    """Return where the skeleton waits to be encrypted; git ignores it."""
    return stack.secrets_file.with_suffix(f".skeleton{stack.secrets_file.suffix}")


def has_rule(stack: Stack) -> bool:
    """Tell whether a rule says who can open the stack's file; raises ``OperationError`` for a damaged file of rules."""
    return _rule(stack) is not None


def is_rule_for(stack: Stack, recipients: Sequence[str]) -> bool:
    """Tell whether the rule that there is names all of ``recipients``."""
    return all(recipient in str(_rule(stack)) for recipient in recipients)


def recipients(stack: Stack) -> list[str]:
    """Return who can open the stack's file by its rule; raises ``OperationError`` where no rule names age keys."""
    if not (named := age_keys(stack)):
        raise OperationError(
            f"{shown(rules_file(stack))} does not say who can open {stack.secrets_file.name}: give --age"
        )
    return named


def age_keys(stack: Stack) -> list[str]:
    """Return the age keys that the rule of the stack's file names; none where there is no rule, or one without them."""
    named: Any = (_rule(stack) or {}).get("age") or ""
    every = cast("list[Any]", named) if isinstance(named, list) else str(named).split(",")
    return [key for each in every if (key := str(each).strip())]


def refuse_recipients(recipients: Sequence[str]) -> None:
    """Raise ``CallError`` for a recipient that is not a public age key, or is the sandbox's."""
    for recipient in recipients:
        _refuse_recipient(recipient)


def _rule(stack: Stack) -> dict[str, Any] | None:
    file = rules_file(stack)
    try:
        return next((rule for rule in _rules(file) if re.search(_pattern(rule), _path(stack))), None)
    except re.error as error:
        raise OperationError(
            f"{shown(file)}: a path_regex is not a valid regular expression ({error}): correct it"
        ) from None


def add_rule(stack: Stack, recipients: Sequence[str]) -> None:
    """Add the rule of the stack, before all others; raises ``CallError`` for a recipient that is refused."""
    refuse_recipients(recipients)
    file = rules_file(stack)
    before = _rules(file)
    text = file.read_text(encoding="utf-8") if file.exists() else "creation_rules:\n"
    pattern = rf"(^|/){re.escape(_path(stack).removesuffix(stack.secrets_file.suffix))}\{stack.secrets_file.suffix}$"
    rule = f"  - path_regex: {pattern}\n    age: {','.join(recipients)}\n\n"
    new = _LIST.sub(lambda match: match[0] + rule, text, count=1)
    if _parsed(new) != [{"path_regex": pattern, "age": ",".join(recipients)}, *before]:
        raise OperationError(f"{shown(file)} is not laid out as expected; add this below its creation_rules:\n{rule}")
    write_whole(file, new)


def _path(stack: Stack) -> str:
    """Return the path of the stack's secrets file below its rules: with the folder where each system has a file."""
    return f"{stack.secrets_file.parent.name}/{stack.secrets_file.name}" if stack.holds else stack.secrets_file.name


def skeleton(stack: Stack) -> str:
    """Return every secret that the systems of the stack need, each empty and with its meaning above it."""
    return "\n".join(_lines(stack)) + "\n"


def write_skeleton(stack: Stack) -> None:
    """Write the skeleton; raises ``OperationError`` where there is one that a person may have filled in."""
    file, text = skeleton_file(stack), skeleton(stack)
    if file.exists() and not _is_empty(stack):
        raise OperationError(f"{shown(file)} exists, perhaps filled in: encrypt it, or remove it")
    write_whole(file, text)


def remove_empty_skeleton(stack: Stack) -> None:
    """Remove the skeleton of a run that was killed behind the encryption, unless somebody has filled it in."""
    if skeleton_file(stack).exists() and _is_empty(stack):
        skeleton_file(stack).unlink()


def _is_empty(stack: Stack) -> bool:
    return skeleton_file(stack).read_text(encoding="utf-8") == skeleton(stack)


def _lines(stack: Stack) -> Iterator[str]:
    yield f"# The secrets of {stack.name}, one group for each system. What is optional may stay empty."
    for system, needed in stack.declared.items():
        yield f"{system}:"
        for secret in needed:
            yield from (f"    # {line}" for line in _wrapped(_described(secret)))
            yield f'    {secret.name}: ""'


def _described(secret: Secret) -> str:
    parts = ["" if secret.required else "optional", secret.meaning]
    parts += [f"starts with {secret.prefix}" if secret.prefix else ""]
    parts += [f"at least {secret.min_bytes} bytes" if secret.min_bytes > 1 else ""]
    parts += [f"one of {', '.join(secret.one_of)}" if secret.one_of else ""]
    parts += [f"together with {secret.together_with}" if secret.together_with else ""]
    parts += ["`railyard secrets generate` makes one" if secret.generated else ""]
    return "; ".join(filter(None, parts))


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > _WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _pattern(rule: dict[str, Any]) -> str:
    return str(rule.get("path_regex", ""))


def _rules(file: Path) -> list[dict[str, Any]]:
    try:
        return _parsed(file.read_text(encoding="utf-8"), shown(file)) if file.exists() else []
    except UnicodeDecodeError:
        raise OperationError(f"{shown(file)} is not valid UTF-8: correct it") from None


def _parsed(text: str, name: str = "the file of rules") -> list[dict[str, Any]]:
    try:
        document = go_yaml.load(text)
    except go_yaml.YamlError as error:
        place = f", line {error.line}" if error.line else ""
        raise OperationError(f"{name}{place} is not valid YAML: {error.problem}: correct it") from None
    creation_rules: Any = cast("Any", document).get("creation_rules") if isinstance(document, dict) else None
    if not isinstance(creation_rules or [], list):
        raise OperationError(f"{name} has creation_rules that are not a list: correct it")
    rules: list[Any] = creation_rules or []
    return [cast("dict[str, Any]", rule) for rule in rules if isinstance(rule, dict)]


def _refuse_recipient(recipient: str) -> None:
    if recipient.startswith("AGE-SECRET-KEY-"):
        raise CallError(
            "that is a secret age key, and it has now been shown here: make another one with age-keygen, and give its "
            "public key, age1…"
        )
    try:
        _pyrage.x25519.Recipient.from_str(recipient)
    except _pyrage.RecipientError:
        raise CallError(
            "that is not a public age key (age1…, 62 characters); `age-keygen -o <file outside the "
            "repository>` makes a key and prints its public part"
        ) from None
    committed = project_directory() / "secrets" / "sandbox.agekey"
    if committed.exists() and recipient in committed.read_text(encoding="utf-8"):
        raise CallError(
            "that is the sandbox's key, which everyone has who can read the repository: make one of your own with "
            "`age-keygen -o <file outside the repository>`"
        )


def find(environment: Mapping[str, str]) -> str | None:
    """Return the path of the program, None where it is not installed."""
    return shutil.which("sops", path=environment.get("PATH", ""))


def encrypt_command(program: str, rules: Path, skeleton: Path, target: Path, output: Path) -> list[str]:
    """Return the command that encrypts ``skeleton`` into ``output`` by the rules that ``rules`` has for ``target``.

    ``sops`` looks for its rules from the current directory upwards, so the file has to be named.
    """
    override = ["--filename-override", shown(target), "--output", shown(output)]
    return [program, "--config", shown(rules), "encrypt", *override, shown(skeleton)]


def encrypt(stack: Stack, rules: Path, skeleton: Path) -> None:
    """Encrypt ``skeleton`` into the stack's file; raises ``OperationError``."""
    file = stack.secrets_file
    with _replacing(file) as new:
        command = encrypt_command(path(stack), rules, skeleton, file, new)
        if _run(command, stack.environment).returncode != 0:
            by_hand = shlex.join(encrypt_command("sops", rules, skeleton, file, file))
            raise OperationError(f"the sops program could not encrypt {shown(skeleton)}; this shows why:\n  {by_hand}")


def encrypt_text(stack: Stack, rules: Path, text: str) -> None:
    """Encrypt ``text``, which passes through a pipe alone, into the stack's file; raises ``OperationError``."""
    file = stack.secrets_file
    with _replacing(file) as new:
        command = encrypt_command(path(stack), rules, Path("/dev/stdin"), file, new)
        if _run(command, stack.environment, text).returncode != 0:
            raise OperationError(f"the sops program could not make {shown(file)}; nothing was written")


def remove(stack: Stack, system: str) -> None:
    """Take the group of a system out of the stack's file; raises ``OperationError``."""
    file = shown(stack.secrets_file)
    with _replacing(stack.secrets_file) as new:
        shutil.copy(stack.secrets_file, new)
        process = _run([path(stack), "unset", str(new), f'["{system}"]'], stack.environment)
        _refuse_failure(process, system, file)


def store(stack: Stack, system: str, name: str, value: str) -> None:
    """Set one value in the stack's file; raises ``OperationError``."""
    file = shown(stack.secrets_file)
    with _replacing(stack.secrets_file) as new:
        shutil.copy(stack.secrets_file, new)
        command = [path(stack), "set", "--value-stdin", str(new), f'["{system}"]["{name}"]']
        _refuse_failure(_run(command, stack.environment, json.dumps(value)), f"{system}.{name}", file)


def _refuse_failure(process: subprocess.CompletedProcess[str], key: str, file: str) -> None:
    if "not defined: -value-stdin" in process.stdout + process.stderr:
        raise OperationError(
            "the sops program on PATH is older than 3.11 and takes values only from its command line, which other "
            "people of this machine can see: install a newer one from https://getsops.io"
        )
    if process.returncode != 0:
        raise OperationError(
            f"the sops program could not change {key} in {file} (exit code {process.returncode}); nothing was "
            f"changed. `sops edit {file}` shows why"
        )


def path(stack: Stack) -> str:
    """Return the path of the program; raises ``OperationError`` where it is not installed."""
    program = find(stack.environment)
    if program is None:
        raise OperationError("this needs the sops program, and it is not on PATH: install it from https://getsops.io")
    return program


@contextmanager
def _replacing(file: Path) -> Generator[Path]:
    """Yield a path beside ``file`` that replaces it when all went well and nobody else changed it meanwhile."""
    target = file.resolve()
    before = target.read_bytes() if target.exists() else None
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as folder:
        new = Path(folder) / target.name
        yield new
        if before != (target.read_bytes() if target.exists() else None):
            raise OperationError(f"{shown(file)} was changed meanwhile and was left so: run the command again")
        new.replace(target)


def _run(command: Sequence[str], environment: Mapping[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, env=environment, capture_output=True, text=True, check=False)
