"""The page of the rules, ``docs/policies.md``: ``python -m stacks.policy.page`` writes its table.

Owns the part between the marks; the rest is written by hand.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from stacks.policy.policy import Policy, Resource
from stacks.policy.rules import POLICIES

FILE: Final = Path(__file__).parents[2] / "docs" / "policies.md"
_MARKED: Final = re.compile(r"(<!-- rules: begin -->\n).*?(<!-- rules: end -->)", re.DOTALL)


def text() -> str:
    """Return the page with the rules as they are declared."""
    parts = "\n".join(map(_section, POLICIES))
    return _MARKED.sub(lambda match: f"{match[1]}\n{parts}\n{match[2]}", FILE.read_text(encoding="utf-8"))


def _section(policy: Policy) -> str:
    return "\n".join([
        f"### {policy.name}",
        "",
        f"**{policy.must}** {policy.why} ({policy.level})",
        "",
        f"- Fix: {policy.fix}.",
        f"- Breaks it: {', '.join(map(_shown, policy.failing))}",
        f"- Keeps it: {', '.join(map(_shown, policy.passing))}",
        "",
    ])  # fmt: skip


def _shown(resource: Resource) -> str:
    props = {name: value for name, value in resource.props.items() if name != "variables"}
    texts = [f"{name}: {value!r}" for name, value in props.items()] + [*resource.props.get("variables", ())]
    texts += ["protected"] if resource.protect else []
    return f"`{resource.noun} {resource.name}`" + (f" ({', '.join(f'`{each}`' for each in texts)})" if texts else "")


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} written\n")
