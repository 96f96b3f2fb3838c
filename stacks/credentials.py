"""The forms of credentials, by which one is known wherever it stands.

Owns the table of them: those that makers of keys give to their keys, and an address with a password.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "<credential>"
"""Replacement of a credential in a message."""
_FORMS: Final = {
    "a key of Stripe": r"\b[rs]k_(live|test)_\w{8,}|\bwhsec_[\w+/=]{16,}",
    "a token of GitHub": r"\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}",
    "a token of GitLab": r"\bglpat-[\w-]{20,}",
    "a key of AWS": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of DigitalOcean": r"\bdo[opr]_v1_[0-9a-f]{32,}|\bDO00[0-9A-Z]{16}\b",
    "a token of a Discord bot": r"\b[MNO][\w-]{22,28}\.[\w-]{6,7}\.[\w-]{27,}",
    "a key of OpenAI or Anthropic": r"\bsk-(?=[\w-]*\d)[\w-]{20,}",
    "a key of Groq": r"\bgsk_\w{20,}",
    "a key of ElevenLabs": r"\bsk_[0-9a-f]{40,}",
    "a key of Resend": r"\bre_[A-Za-z0-9]{6,}_[A-Za-z0-9]{16,}",
    "a key of SendGrid": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "a key of Google": r"\bAIza[\w-]{35}",
    "a token of Slack": r"\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "an address that posts to Discord": r"discord(app)?\.com/api/webhooks/\d+/[\w-]{20,}",
    "a token of npm": r"\bnpm_(?=\w*\d)[A-Za-z0-9]{36}",
    "a signed token (JWT)": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAGE-SECRET-KEY-1\w+",
    # The password may be a reference to another service's variable, ${{db.PASSWORD}}, or one that a shell fills in.
    "an address with a password": r"\b[a-z][a-z0-9+.-]*://[^\s/:@?#]*:(?!\$)[^\s/@]+@"
    r"|://\S*[?&](password|passwd|pwd)=(?!\$)[^&\s]+|\bhost=\S+.*\bpassword=(?!\$)\S+|\bpassword=(?!\$)\S+.*\bhost=",
}
"""Kind of credential → pattern of its texts."""
_KNOWN: Final = [(what, re.compile(form)) for what, form in _FORMS.items()]


def kind_of(text: str) -> str:
    """Return what credential is in ``text``, ``a key of Stripe``; empty for none that is known by its form."""
    return next((what for what, form in _KNOWN if form.search(text)), "")


def masked(text: str) -> str:
    """Return ``text`` without the credentials in it."""
    for _, form in _KNOWN:
        text = form.sub(MASK, text)
    return text
