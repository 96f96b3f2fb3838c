"""Messages for whoever is on call: Discord's and Slack's forms, their limits, and no secret."""

from __future__ import annotations

from railyard.deliver.notify import Message, discord, run_link, send, slack
from tests.operations_workflows.simulated_github import SimulatedGitHub

LONG = Message(
    title="t" * 500, failed="<!channel> @everyone & co " * 500, where="w", runs_now="r", next_step="n", link="https://x"
)


def test_both_forms_keep_the_limits() -> None:
    """A message over a limit would not arrive at all."""
    embed = discord(LONG)["embeds"][0]
    blocks = slack(LONG)["blocks"]

    assert len(embed["title"]) <= 256
    assert all(0 < len(field["value"]) <= 1024 for field in embed["fields"])
    assert len(blocks[0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks)


def test_the_next_step_of_what_failed_is_kept() -> None:
    """It stands at the end, behind a log that may be long."""
    log = "\n".join(f"Attempt #{number} failed" for number in range(200))
    message = Message(title="t", failed=f"unhealthy\n{log}\nnext: look here", where="w", runs_now="r", next_step="n")

    (failed, *_) = message.fields().values()

    assert failed.startswith("unhealthy\nAttempt #0 failed")
    assert failed.endswith("next: look here")
    assert len(failed) <= 1_000


def test_nobody_is_woken_by_the_text_of_an_error() -> None:
    """What failed is quoted, and may hold what wakes a whole channel."""
    assert discord(LONG)["allowed_mentions"] == {"parse": []}
    assert "<!channel>" not in str(slack(LONG))


def test_a_webhook_that_fails_is_named_without_its_address(github: SimulatedGitHub) -> None:
    """The address is the secret."""
    warnings = send(
        LONG,
        {"DISCORD_WEBHOOK_URL": f"{github.address}/nowhere/planted", "SLACK_WEBHOOK_URL": "http://127.0.0.1:9/planted"},
    )

    assert warnings == [
        "the message could not be sent to DISCORD_WEBHOOK_URL: it answered 401",
        "the message could not be sent to SLACK_WEBHOOK_URL: ConnectError",
    ]


def test_the_link_leads_to_the_run(github: SimulatedGitHub) -> None:
    """Outside of a workflow there is none."""
    assert run_link(github.variables) == "https://github.example/example/railyard/actions/runs/42"
    assert run_link({}) == ""
