"""The forms by which credentials are recognized in any text, and the mask that replaces them.

Owns the table of forms: those that providers give to their keys, and an address with a password.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "<credential>"
"""Replacement of a credential in a message."""
FORMS: Final = {
    "a key of Stripe": r"\b[rs]k_(live|test)_\w{8,}|\bwhsec_[\w+/=]{16,}",
    "a token of GitHub": r"\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}",
    "a token of GitLab": r"\bglpat-[\w-]{20,}(\.\w+)*",
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
    "a private key": r"(?s:-----BEGIN [A-Z ]*PRIVATE KEY.*?(-----END [A-Z ]*PRIVATE KEY[A-Z ]*-----|\Z))"
    r"|\bAGE-SECRET-KEY-1\w+",
    # The password may be a reference to another service's variable, ${{db.PASSWORD}}, or one that a shell fills in.
    "an address with a password": r"\b[a-z][a-z0-9+.-]*://[^\s/:@?#]*:(?!\$)[^\s/]+@"
    r"|://\S*[?&](password|passwd|pwd)=(?!\$)[^&\s]+"
    r"|\bhost=\S+.*\bpassword=(?!\$)('[^']*'|\S+)|\bpassword=(?!\$)\S+.*\bhost=",
}
"""Kind of credential → pattern that matches all of it."""
_KNOWN: Final = [(what, re.compile(form)) for what, form in FORMS.items()]


def kind_of(text: str) -> str:
    """Return the kind of credential in ``text``, ``a key of Stripe``; "" where no form matches."""
    return next((what for what, form in _KNOWN if form.search(text)), "")


def masked(text: str) -> str:
    """Return ``text`` with ``MASK`` in the place of each credential.

    Mask before shortening: a credential that is cut off has no form that is recognized.
    """
    for _, form in _KNOWN:
        text = form.sub(MASK, text)
    return text
