"""Makes tests/sops/corpus with the real ``sops`` and ``age-keygen`` programs; run by hand when a case is added.

Files that exist are left as they are: ``python tests/sops/make_corpus.py``. Beside each encrypted file stands what the
real program decrypts it to. The keys open nothing but these files. Those named ``older`` were made of the same texts,
without the point in time, with SOPS 3.8.1, which wrote the kinds of keys that are not used as well.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
KEY, OTHER_KEY = CORPUS / "test-only.agekey", CORPUS / "test-only-other.agekey"

EVERY_TYPE = """\
# a comment above everything
text: plain words
quoted_number: "0123"
multi: |
    first line
    second line
umlaut: grün ✓
empty: ""
nothing: null
whole: 42
negative: -7
large: 9007199254740993
broken: 1.5
tiny: 1e-7
huge: 1e+21
round: 2.0
yes_is_text: yes
true_value: true
false_value: false
moment: 2026-01-02T03:04:05.5Z
"n": a key that YAML 1.1 takes for a boolean
nested:
    deeper:
        # a comment inside
        deepest: found  # a comment beside
    empty_map: {}
    empty_list: []
list:
    # a comment in a list
    - one
    - 2
    - - inner
      - 3.25
    - key: in a list
"""
MIXED = """\
API_TOKEN: hidden
API_TOKEN_unencrypted: shown
port_unencrypted: 010
ratio_unencrypted: 1e3
on_unencrypted: yes
flag_unencrypted: true
day_unencrypted: 2026-1-2
null_unencrypted: ~
block_unencrypted:
    - 0x1F
    - 12_000
    - inner: text
secret_name: hidden too
"""
JSON = """\
{"text": "words", "nested": {"whole": 1, "broken": 0.5, "yes": true, "nothing": null, "list": ["a", 2, {"b": ""}]},
 "shown_unencrypted": 12345678901, "ratio_unencrypted": 1.0}
"""
COMMENTED = """\
# sops:enc
hidden: secret
shown: not secret
"""

MERGED = """\
base: &base {A: one, B: 2}
list: [*base, *base]
merged:
    <<: *base
    B: three
"""
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    # file: (what it holds, what its creation rule says besides the keys)
    "every-type.yaml": (EVERY_TYPE, {}),
    "unencrypted-suffix.yaml": (MIXED, {}),
    "encrypted-suffix.yaml": (MIXED, {"encrypted_suffix": "_TOKEN"}),
    "unencrypted-regex.yaml": (MIXED, {"unencrypted_regex": "^(port|block)_"}),
    "encrypted-regex.yaml": (MIXED, {"encrypted_regex": "TOKEN$|^secret"}),
    "mac-only-encrypted.yaml": (MIXED, {"mac_only_encrypted": True}),
    "encrypted-comment.yaml": (COMMENTED, {"encrypted_comment_regex": "sops:enc"}),
    "json.json": (JSON, {}),
    "merged.yaml": (MERGED, {}),
    "named-classes.yaml": (MIXED, {"encrypted_regex": "^[[:upper:]_]+$"}),
    "two-recipients.yaml": ("a: b\n", {}),
    "key-groups.yaml": ("a: b\n", {"shamir_threshold": 2}),
}


def public_key(key: Path) -> str:
    """The recipient that an age key file belongs to, made first if need be."""
    if not key.exists():
        subprocess.run(["age-keygen", "-o", str(key)], check=True, capture_output=True)
        key.write_text("# For tests only: opens the files of tests/sops/corpus, protects nothing.\n" + key.read_text())
    return next(line.split()[-1] for line in key.read_text().splitlines() if "public key" in line)


def make() -> None:
    """Encrypt each case that has no file yet, and write down what the program makes of it."""
    CORPUS.mkdir(exist_ok=True)
    first, second = public_key(KEY), public_key(OTHER_KEY)
    (CORPUS / "plaintext.yaml").write_text("PASSWORD: never-show-this\n")
    environment = {**os.environ, "SOPS_AGE_KEY": KEY.read_text() + OTHER_KEY.read_text()}
    for name, (text, rule) in CASES.items():
        target = CORPUS / name
        if target.with_suffix(".expected").exists():
            continue
        target.write_text(text)
        keys: dict[str, Any] = {"age": f"{second},{first}" if name.startswith("two") else first}
        if name.startswith("key-groups"):
            keys = {"key_groups": [{"age": [first]}, {"age": [second]}]}
        rules = CORPUS / "rules.yaml"
        rules.write_text(json.dumps({"creation_rules": [keys | rule]}))
        subprocess.run(["sops", "--config", str(rules), "encrypt", "--in-place", str(target)], check=True)
        rules.unlink()
        expected = subprocess.run(
            ["sops", "decrypt", "--output-type", "json", str(target)], check=True, capture_output=True, env=environment
        )
        target.with_suffix(".expected").write_bytes(expected.stdout)


if __name__ == "__main__":
    make()
