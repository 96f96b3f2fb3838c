"""Credentials that stand in clear in a settings file, which everyone reads who can read the repository.

Owns how they are known: by the form that their maker gives them, by a password in an address, or by the name of the
variable that holds them. No finding quotes a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import go_yaml
from stacks.arguments_tree import Path
from stacks.problems import Problem

_FORMS: Final = {
    "a key of Stripe": r"\b[rs]k_(live|test)_\w{8,}|\bwhsec_[\w+/=]{16,}",
    "a token of GitHub": r"\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}",
    "a token of GitLab": r"\bglpat-[\w-]{20,}",
    "a key of AWS": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of DigitalOcean": r"\bdo[opr]_v1_[0-9a-f]{32,}|\bDO00[0-9A-Z]{16}\b",
    "a token of a Discord bot": r"\b[MNO][\w-]{22,28}\.[\w-]{6,7}\.[\w-]{27,}",
    "a key of OpenAI or Anthropic": r"\bsk-[\w-]{20,}",
    "a key of Groq": r"\bgsk_\w{20,}",
    "a key of ElevenLabs": r"\bsk_[0-9a-f]{40,}",
    "a key of Resend": r"\bre_\w{16,}",
    "a key of SendGrid": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "a key of Google": r"\bAIza[\w-]{35}",
    "a token of Slack": r"\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "an address that posts to Discord": r"discord(app)?\.com/api/webhooks/\d+/[\w-]{20,}",
    "a token of npm": r"\bnpm_\w{36}",
    "a signed token (JWT)": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAGE-SECRET-KEY-1\w+",
    # The password may be a reference to another service's variable, ${{db.PASSWORD}}, or one that a shell fills in.
    "an address with a password": r"\b[a-z][a-z0-9+.-]*://[^\s/:@?#]*:(?!\$)[^\s/@]+@",
}
"""What a credential is → the texts that are one."""
_KNOWN: Final = [(what, re.compile(form)) for what, form in _FORMS.items()]
_NAMED: Final = re.compile(
    r"(?i)(^|_)(password|passwd|passphrase|pwd|secret|token|credentials?|(api|access|secret|private|master|auth)_?key)$"
)
"""Names of variables that hold a credential."""
_NO_CREDENTIAL: Final = re.compile(r"\s*|\$.*|/.*|(?i:true|false|yes|no|on|off|none|null)|\d{1,5}", re.DOTALL)
"""Values of such variables that are none: a reference, the path of a file, a flag, a small number."""
_PROVIDERS_CREDENTIAL: Final = re.compile(r":\w*(token|Token|apiKey|secretKey|SecretKey|password)$")
"""Configuration keys with which a provider logs in."""


def in_settings(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield credentials among the values of the systems, system → its settings."""
    for path, value in _texts(values, ()):
        what = next((what for what, form in _KNOWN if form.search(value)), "")
        if not what and path[-2:-1] == ("variables",) and _NAMED.search(str(path[-1])):
            what = "" if _NO_CREDENTIAL.fullmatch(value) else "one by its name"
        if what:
            system, *_ = path
            name = path[-1] if path[-2:-1] == ("variables",) else "<NAME>"
            yield Problem(
                path,
                None,
                f"no credential in clear, and this is {what}",
                f"take it out, have another one made, and store that as {system}.{name} in the SOPS file "
                f"(./bin/railyard secrets set); what {system} does not read yet is declared in stacks/{system}.py",
            )


def in_configuration(nodes: Mapping[str, go_yaml.Node]) -> Iterator[Problem]:
    """Yield tokens of providers that stand in clear in a settings file, full key → its value."""
    for key, node in nodes.items():
        value = go_yaml.resolved(node)
        if _PROVIDERS_CREDENTIAL.search(key) and isinstance(value, go_yaml.ScalarNode) and value.text:
            yield Problem(
                (key,),
                None,
                "no credential in clear",
                f"take it out, have another one made, and give that with `pulumi config set --secret {key}`",
                absolute=True,
            )


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, Sequence):
        for index, inner in enumerate(cast("Sequence[Any]", value)):
            yield from _texts(inner, (*path, index))
