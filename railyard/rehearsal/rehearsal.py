"""The road of a change from a pull request to production, through a bad release and a change by hand.

Owns the steps, and how each must end. Raises ``UnexpectedError`` where one ends otherwise.
"""

from __future__ import annotations

from typing import Final

from railyard.rehearsal.project_copy import CommandRun, ProjectCopy
from railyard.rehearsal.report import Report

RAILYARD: Final = "./bin/railyard"
_COMMIT_1, _COMMIT_2 = "1" * 40, "2" * 40
"""Commits of OmniStack."""


class UnexpectedError(Exception):
    """A command ended otherwise than it must, or did not say what it must."""


class Rehearsal:
    """One walk in ``place``, told to ``report``."""

    def __init__(self, place: ProjectCopy, report: Report) -> None:
        self._place, self._report = place, report

    def walk(self) -> None:
        """Walk all steps, in order."""
        self.begin()
        self.pull_request()
        self.staging()
        self.promotion()
        self.production()
        self.bad_release()
        self.fixed_release()
        self.drift()

    def begin(self) -> None:
        """Bring both stacks up with the same releases."""
        self._report.step(
            "Where it begins", because="Seance and OmniStack run the same releases in staging and in production."
        )
        for stack in ("staging", "production"):
            self._run("deploy", "-s", stack, says=f"{stack}: deployed", last=3)

    def pull_request(self) -> None:
        """Commit a new release of both systems, and write the comment that its pull request gets."""
        self._report.step(
            "A pull request: new commits of Seance and OmniStack, for staging",
            because="The base is brought up in a sandbox of its own and the head previewed on it: no account is asked.",
        )
        self._place.git("checkout", "--quiet", "-b", "new-commits")
        self._place.change("staging", "commit: a1b2c3d", "commit: b2c3d4e")
        self._place.change("staging", _COMMIT_1, _COMMIT_2)
        commit = self._place.commit("New commits of Seance and OmniStack")
        self._report.did(f"git commit: {commit} changes Pulumi.staging.yaml")
        self._run("diff", "-s", "staging", "--markdown", says="a1b2c3d", first=60, last=0)

    def staging(self) -> None:
        """Apply the reviewed plan to staging after the merge, and check staging."""
        self._report.step("Merge: staging up and verify", because="The plan is made, reviewed, and is what is applied.")
        self._merge("new-commits")
        self._deploy_as_planned("staging")
        self._run("verify", "-s", "staging", says="checks passed", first=5, last=2)

    def promotion(self) -> None:
        """Write what staging has proven into the settings of production."""
        self._report.step(
            "Promote",
            because="Only what runs in staging and is healthy moves; outside of a rehearsal, five minutes later.",
        )
        self._run("promote", "--healthy-for", "0", says="changed Pulumi.production.yaml", first=60, last=0)
        self._place.commit("Promote Seance and OmniStack")

    def production(self) -> None:
        """Merge and approve the promotion."""
        self._report.step("Merge: production up", because="The plan is what the environment's reviewer approves.")
        self._deploy_as_planned("production")

    def bad_release(self) -> None:
        """Write a release that never becomes healthy straight into production."""
        self._report.step(
            "A bad release in production",
            because="Somebody skips staging. The backend of c3d4e5f starts and never answers its health check.",
        )
        self._place.clouds.railway.fail_image("fractalhuman1/seance-backend:c3d4e5f", "unhealthy")
        before = self._place.git("rev-parse", "--short=7", "HEAD")
        self._place.change("production", "commit: b2c3d4e", "commit: c3d4e5f")
        commit = self._place.commit("Seance c3d4e5f in production")
        self._report.did(f"git commit: {commit} changes Pulumi.production.yaml")
        self._run("deploy", "-s", "production", code=1, says="production: rolled back", last=22)
        message = self._place.inbox.messages[-1]
        self._report.message(message)
        self._expect(f"{before} again, all services healthy" in str(message), "the message does not say what runs now")
        self._run("status", "-s", "production", "seance", says="b2c3d4e", first=20, last=3)

    def fixed_release(self) -> None:
        """Take the whole road with the fix."""
        self._report.step("The fixed release", because="d4e5f6a takes the road that c3d4e5f did not.")
        self._place.change("staging", "commit: b2c3d4e", "commit: d4e5f6a")
        self._place.commit("Seance d4e5f6a in staging")
        self._run("deploy", "-s", "staging", says="staging: deployed", last=3)
        self._run("promote", "seance", "--healthy-for", "0", says="commit: c3d4e5f → d4e5f6a", first=60, last=0)
        self._place.commit("Promote Seance")
        self._run("deploy", "-s", "production", says="production: deployed", last=3)

    def drift(self) -> None:
        """Find and mend a change by hand."""
        self._report.step(
            "Drift", because="Somebody sets ENVIRONMENT of OmniStack's API to debug in Railway's dashboard, and leaves."
        )
        self._place.dashboard.set_variable("omnistack-production", "api", "ENVIRONMENT", "debug")
        difference = 'variables.ENVIRONMENT: "production" → "debug"'
        self._run("drift", "-s", "production", code=1, says=difference)
        self._command("make", "refresh", "STACK=production", says="debug", last=6)
        self._run("deploy", "-s", "production", says="production: deployed", first=6, last=3)
        self._run("drift", "-s", "production", says="what exists is what the state says")

    def _deploy_as_planned(self, stack: str) -> None:
        self._run("plan", "-s", stack, "--out", f"plan-{stack}.json", says="to update", first=40, last=0)
        self._run("deploy", "-s", stack, "--plan", f"plan-{stack}.json", says=f"{stack}: deployed", last=3)
        (self._place.directory / f"plan-{stack}.json").unlink()

    def _merge(self, branch: str) -> None:
        self._place.git("checkout", "--quiet", "main")
        self._place.git("merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", branch)

    def _run(self, *arguments: str, says: str, code: int = 0, first: int = 0, last: int = 20) -> CommandRun:
        return self._command(RAILYARD, *arguments, says=says, code=code, first=first, last=last)

    def _command(self, *command: str, says: str, code: int = 0, first: int = 0, last: int = 20) -> CommandRun:
        done = self._place.run(*command)
        as_it_must = done.code == code and says in done.text
        self._report.command(done, first=first if as_it_must else 0, last=last if as_it_must else 100)
        self._expect(as_it_must, f"{done.command} must end with exit code {code} and say: {says}")
        return done

    @staticmethod
    def _expect(so: bool, otherwise: str) -> None:
        if not so:
            raise UnexpectedError(otherwise)
