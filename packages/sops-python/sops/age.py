"""Finding age identities and opening a data key with them.

Owns the places in which the ``sops`` program looks, in the order of its documentation: SOPS_AGE_KEY, SOPS_AGE_KEY_FILE,
SOPS_AGE_KEY_CMD, then ``sops/age/keys.txt`` in the user's configuration folder. Reads native (X25519) identities only;
SSH keys, plugins and post-quantum keys are left to the program. Never repeats what it read: only names of places.
"""

from __future__ import annotations

import importlib
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_pyrage: Final[Any] = importlib.import_module("pyrage")  # an extension module without type information
_NATIVE: Final = "AGE-SECRET-KEY-1"
_LOCKED: Final = ("-----BEGIN AGE ENCRYPTED FILE-----", "age-encryption.org/v1")
"""First characters of a key that is protected by a passphrase: it is an age file itself."""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One entry of ``sops.age``: a public key, and the data key encrypted for it as an armored age file."""

    public_key: str
    encrypted_data_key: str

    @property
    def native(self) -> bool:
        """Tell whether the key is X25519. Others carry a second "1" (plugins) or another prefix (SSH)."""
        return self.public_key.startswith("age1") and self.public_key.count("1") == 1


@dataclass(kw_only=True)
class IdentitySearch:
    """The result of a search for identities."""

    identities: list[Any] = field(default_factory=list[Any], repr=False)
    searched: list[str] = field(default_factory=list[str])
    """Each place, with what was wrong there; for error texts, so never with what it holds."""

    @property
    def public_keys(self) -> list[str]:
        """Return the recipients that the identities belong to."""
        return [str(identity.to_public()) for identity in self.identities]


def _configuration_folder(environment: Mapping[str, str]) -> Path | None:
    if sys.platform == "win32":
        return Path(environment["APPDATA"]) if environment.get("APPDATA") else None
    if environment.get("XDG_CONFIG_HOME"):
        return Path(environment["XDG_CONFIG_HOME"])
    if not environment.get("HOME"):
        return None
    return Path(environment["HOME"]) / ("Library/Application Support" if sys.platform == "darwin" else ".config")


def _take(search: IdentitySearch, source: str, text: str) -> None:
    """Add the identities in ``text``, which holds one per line, or several words as SOPS_AGE_KEY may."""
    tokens = [token for line in text.splitlines() if not line.strip().startswith("#") for token in line.split()]
    problem = "" if tokens else "holds no age key"
    if text.lstrip().startswith(_LOCKED):
        tokens, problem = [], "holds a key under a passphrase: set SOPS_AGE_KEY_CMD to `age --decrypt <its file>`"
    for token in tokens:
        if not token.startswith(_NATIVE):
            problem = "holds something that is not a native age key (AGE-SECRET-KEY-1…)"
            continue
        try:
            search.identities.append(_pyrage.x25519.Identity.from_str(token))
        except _pyrage.IdentityError:
            problem = "holds a damaged age key"
    search.searched.append(f"{source} ({problem})" if problem else source)


def _take_file(search: IdentitySearch, source: str, file: Path) -> None:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        search.searched.append(f"{source} (no such file)")
    except OSError:
        search.searched.append(f"{source} (cannot be read)")
    else:
        _take(search, source, text)


def _take_command(search: IdentitySearch, source: str, command: str, environment: Mapping[str, str]) -> None:
    try:
        completed = subprocess.run(
            shlex.split(command),
            env=environment,
            stdin=subprocess.DEVNULL,  # ours may hold the value of a secret
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
        )
    except subprocess.CalledProcessError as error:
        search.searched.append(f"{source} (the command failed with exit code {error.returncode})")
    except (OSError, ValueError, IndexError):
        search.searched.append(f"{source} (the command cannot be started)")
    else:
        _take(search, source, completed.stdout)


def identities(environment: Mapping[str, str], recipient: str) -> IdentitySearch:
    """Return all identities at hand. ``recipient`` is told to SOPS_AGE_KEY_CMD as SOPS_AGE_RECIPIENT."""
    search = IdentitySearch()
    if "SOPS_AGE_KEY" in environment:
        _take(search, "SOPS_AGE_KEY", environment["SOPS_AGE_KEY"])
    else:
        search.searched.append("SOPS_AGE_KEY (not set)")
    if "SOPS_AGE_KEY_FILE" in environment:
        file = Path(environment["SOPS_AGE_KEY_FILE"])
        _take_file(search, f"SOPS_AGE_KEY_FILE = {file}", file)
    else:
        search.searched.append("SOPS_AGE_KEY_FILE (not set)")
    if "SOPS_AGE_KEY_CMD" in environment:
        command_environment = {**environment, "SOPS_AGE_RECIPIENT": recipient}
        _take_command(search, "SOPS_AGE_KEY_CMD", environment["SOPS_AGE_KEY_CMD"], command_environment)
    else:
        search.searched.append("SOPS_AGE_KEY_CMD (not set)")
    folder = _configuration_folder(environment)
    if folder is not None:
        _take_file(search, str(folder / "sops/age/keys.txt"), folder / "sops/age/keys.txt")
    return search


def open_data_key(recipient: Recipient, search: IdentitySearch) -> bytes | None:
    """Return the data key, or None when none of the identities is the recipient's."""
    try:
        opened: bytes = _pyrage.decrypt(recipient.encrypted_data_key.encode(), search.identities)
    except _pyrage.DecryptError:
        return None
    return opened
