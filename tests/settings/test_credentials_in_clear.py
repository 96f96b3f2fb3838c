"""Credentials that stand in clear in settings, and what only looks like one."""

from __future__ import annotations

import json

import pytest

from components import credentials
from stacks import in_clear

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAAB3NzaC1\n-----END OPENSSH PRIVATE KEY-----"
FOUND = {
    "a key of Stripe": ["sk_live_abcdefghijk", "whsec_0123456789abcdefgh", "rk_test_abcdefgh12"],
    "a token of GitHub": ["ghp_0123456789abcdefghij", "github_pat_0123456789abcdefghij_x"],
    "a token of GitLab": ["glpat-0123456789abcdefghij", "glpat-0123456789abcdefghij.01.0a1b2c3d4"],
    "a key of AWS": ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"],
    "a key of DigitalOcean": [f"dop_v1_{'0a' * 32}", "DO00ABCDEFGHIJKLMNOP"],
    "a token of a Discord bot": [f"{'M' + 'a1' * 12}.Gabcde.{'x9' * 19}"],
    "a key of OpenAI or Anthropic": ["sk-proj-0123456789abcdefghij", "sk-ant-api03-0123456789abcdef"],
    "a key of Groq": ["gsk_0123456789abcdefghij"],
    "a key of ElevenLabs": [f"sk_{'0a' * 24}"],
    "a key of Resend": ["re_12345678_0123456789abcdefghijklmn"],
    "a key of SendGrid": [f"SG.{'a1' * 11}.{'b2' * 21}"],
    "a key of Google": [f"AIza{'x' * 35}"],
    "a token of Slack": ["xoxb-1234567890-abc", "hooks.slack.com/services/T0123/B0123/a1b2c3"],
    "an address that posts to Discord": [f"discord.com/api/webhooks/123456789/{'a1-_' * 17}"],
    "a token of npm": [f"npm_{'a1' * 18}"],
    "a signed token (JWT)": ["eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln"],
    "a private key": [PEM, json.dumps(PEM)[1:-1], "AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"],
    "an address with a password": [
        "postgres://u:hunter2@",
        "redis://:hunter2@",
        "postgres://u:p@ss@",
        "host=h password=hunter2",
        "password='hunter 2' host=",
    ],
}  # fmt: skip
"""Kind of credential → whole credentials of it."""
INNOCENT = [
    "https://example.com:8080/a@b", "postgres://u:${{db.PASSWORD}}@h/d", "postgres://u:$PASSWORD@h",
    "redis://cache:6379", "ghcr.io/acme/sk-learn-model-serving-image:1", "task-runner-for-all-of-our-jobs",
    "0123456789abcdef" * 2, "re_captcha_site_key_of_ours", "pk_live_abcdefghijk", "user@example.com",
    "npm_config_registry_of_the_company_which_is_long",
]  # fmt: skip
NAMED = {
    "ADMIN_PASSWORD": "hunter2", "API_KEY": "abc", "SECRET_KEY_BASE": "x" * 64, "SESSION_SECRET": "swordfish",
    "TOKEN": "abc", "apiKey": "abc", "APITOKEN": "abc", "dbPassword": "hunter2", "STRIPE_SECRET_KEY_2": "abc",
    "DB_PASSWORD": "$ecret123hunter", "DB_SECRET": "/aB3dE9fGh1jKl2",
}  # fmt: skip
UNNAMED = {
    "MAX_TOKEN": "4096", "CORS_ALLOW_CREDENTIALS": "true", "FETCH_CREDENTIALS": "same-origin", "API_KEY": "${{db.KEY}}",
    "PASSWORD_FILE": "/run/x", "TOKEN": "/run/secrets/token", "PUBLIC_KEY": "abc", "TOKEN_URL": "https://a.example",
    "KEYBOARD": "de", "SECRETARY": "Ann", "PASSWORD": "",
}  # fmt: skip


def test_every_form_of_a_credential_has_an_example() -> None:
    """A form without one could be wrong and nothing would show it."""
    assert FOUND.keys() == credentials.FORMS.keys()


@pytest.mark.parametrize(("what", "text"), [(what, text) for what, texts in FOUND.items() for text in texts])
def test_a_credential_is_known_by_its_form(what: str, text: str) -> None:
    """Each of several makers, in the middle of a text too; and not one character of it is left in a message."""
    assert credentials.kind_of(f"run --with {text} now") == what
    assert credentials.masked(f"run --with {text} now") == f"run --with {credentials.MASK} now"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://u:p@ss@h/d", "<credential>h/d"),
        ("mysql://root@db/x?ssl=1&password=hunter2&a=b", "mysql<credential>&a=b"),
        (PEM.partition("-----END")[0], "<credential>"),
    ],
)
def test_of_an_address_what_is_no_password_may_stay(text: str, shown: str) -> None:
    """And of a private key that was cut off nothing does."""
    assert credentials.masked(text) == shown


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_none_is_let_pass(text: str) -> None:
    """References, public keys, commits, images and addresses without a password."""
    assert (credentials.kind_of(text), credentials.masked(text)) == ("", text)


def test_a_variable_is_known_by_its_name() -> None:
    """A password has no form; flags, numbers, references and paths are none."""
    credentials = in_clear.in_settings({"rose": {"web": {"variables": NAMED}}})
    passed = in_clear.in_settings({"rose": {"web": {"variables": UNNAMED}, "apiKey": "abc"}})

    assert [problem.path[-1] for problem in credentials] == list(NAMED)
    assert list(passed) == []
