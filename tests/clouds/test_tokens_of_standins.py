"""Tokens of the stand-ins: what no token has is told by name, and never sent."""

from __future__ import annotations

import pytest

from pulumi_embedded.standins.transport import plain_token
from pulumi_provider.errors import Failure


@pytest.mark.parametrize("variable", ["CLOUDFLARE_API_TOKEN", "DIGITALOCEAN_TOKEN"])
@pytest.mark.parametrize("wrong", ["one\ntwo", "tökén", "one two", "one\x00two"])
def test_a_token_that_is_none_is_told_by_its_variable(variable: str, wrong: str) -> None:
    """The text names the variable and not the token."""
    with pytest.raises(Failure, match=f"{variable}: the token holds") as caught:
        plain_token(wrong, variable)
    assert wrong not in str(caught.value)


def test_a_line_break_at_the_end_is_left_out() -> None:
    """Copying adds one."""
    assert plain_token("token\n", "DIGITALOCEAN_TOKEN") == "token"
