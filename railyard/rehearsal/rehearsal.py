"""The road of a change from a pull request to production, system by system, past red systems and a change by hand.

Owns the steps, and how each must end. Raises ``UnexpectedError`` where one ends otherwise.
"""

from __future__ import annotations

from typing import Final

from railyard.rehearsal.bucket import states_in_a_bucket
from railyard.rehearsal.project_copy import CommandRun, ProjectCopy
from railyard.rehearsal.report import Report

RAILYARD: Final = "./bin/railyard"
_PLAN: Final = ".sandbox/plan.json"
_COMMIT_1, _COMMIT_2, _COMMIT_3, _COMMIT_4 = ("1" * 40, "2" * 40, "3" * 40, "4" * 40)
"""Commits of OmniStack."""


class UnexpectedError(Exception):
    """A command ended otherwise than it must, or did not say what it must."""


class Rehearsal:
    """One walk in ``project``, told to ``report``."""

    def __init__(self, project: ProjectCopy, report: Report) -> None:
        self._project, self._report = project, report

    def walk(self) -> None:
        """Walk all steps, in order."""
        self.begin()
        self.pull_request()
        self.staging()
        self.promotion()
        self.production()
        self.red_beside_good()
        self.the_other_way_round()
        self.red_by_itself()
        self.drift()
        states_in_a_bucket(self._project, self._report, self.command)

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
        self._project.git("checkout", "--quiet", "-b", "new-commits")
        self._project.change("staging", "commit: a1b2c3d", "commit: b2c3d4e")
        self._project.change("staging", _COMMIT_1, _COMMIT_2)
        commit = self._project.commit("New commits of Seance and OmniStack")
        self._report.did(f"git commit: {commit} changes Pulumi.staging.yaml")
        self._run("diff", "-s", "staging", "--markdown", says="a1b2c3d", first=60, last=0)

    def staging(self) -> None:
        """Take what changed up in staging after the merge, each system by itself, and check staging."""
        self._report.step(
            "Merge: staging, system by system",
            because="A job of the workflow is for one system: it makes, asks and judges that one alone.",
        )
        self._merge("new-commits")
        self._run("changed", "-s", "staging", "--since", "HEAD^1", says="seance omnistack")
        for system in ("seance", "omnistack"):
            self._run("deploy", system, "-s", "staging", says="staging: deployed", last=2)
        self._run("verify", "-s", "staging", says="checks passed", first=5, last=2)

    def promotion(self) -> None:
        """Write what staging has proven into the settings of production."""
        self._report.step(
            "Promote",
            because="Only what runs in staging and is healthy moves; outside of a rehearsal, five minutes later.",
        )
        self._run("promote", "--healthy-for", "0", says="changed Pulumi.production.yaml", first=60, last=0)
        self._project.commit("Promote Seance and OmniStack")

    def production(self) -> None:
        """Merge the promotion; each system is planned, approved, and done exactly as approved."""
        self._report.step(
            "Merge: production, each plan approved",
            because="A reviewer of the environment production approves the plan of one system, and that is done.",
        )
        self._plan("seance")
        self._approved("seance")
        self._plan("omnistack")
        self._project.change("production", "sizeGb: 20", "sizeGb: 25")
        commit = self._project.commit("More room for OmniStack")
        self._report.did(f"git commit: {commit} is merged while the plan waits, and then somebody approves it")
        stopped = "nothing was begun"
        self._run("deploy", "omnistack", "-s", "production", "--plan", _PLAN, code=1, says=stopped, last=8)
        self._plan("omnistack")
        self._approved("omnistack")

    def red_beside_good(self) -> None:
        """Write releases of both systems straight into production: one of them never becomes healthy."""
        self._report.step(
            "A red system beside a good one, in production",
            because="Somebody skips staging with both systems. Seance's backend of c3d4e5f never answers its health "
            "check; OmniStack's 3333333 is good.",
        )
        self._project.clouds.railway.fail_image("fractalhuman1/seance-backend:c3d4e5f", "unhealthy")
        before = self._project.git("rev-parse", "--short=7", "HEAD")
        self._project.change("production", "commit: b2c3d4e", "commit: c3d4e5f")
        self._project.change("production", _COMMIT_2, _COMMIT_3)
        commit = self._project.commit("Seance c3d4e5f and OmniStack 3333333 in production")
        self._report.did(f"git commit: {commit} changes Pulumi.production.yaml")
        self._run("deploy", "-s", "production", code=1, says="omnistack: deployed", last=22)
        self._check_message(
            f"seance: {before} again, all services healthy", "production: omnistack deployed, seance rolled back"
        )
        self._run("status", "-s", "production", says="b2c3d4e", first=24, last=3)

    def the_other_way_round(self) -> None:
        """Release both in staging: OmniStack is the red one."""
        self._report.step(
            "The other way round, in staging",
            because="d4e5f6a of Seance is its mended release; OmniStack's 4444444 fails beside it.",
        )
        self._project.clouds.railway.fail(_COMMIT_4, "unhealthy")
        self._project.change("staging", "commit: b2c3d4e", "commit: d4e5f6a")
        self._project.change("staging", _COMMIT_2, _COMMIT_4)
        self._project.commit("Seance d4e5f6a and OmniStack 4444444 in staging")
        self._run("deploy", "-s", "staging", code=1, says="seance: deployed", last=16)
        self._check_message("omnistack: ", "staging: seance deployed, omnistack rolled back")

    def red_by_itself(self) -> None:
        """Let OmniStack fail without a release of its own while Seance is released: Seance stays, and goes on."""
        self._report.step(
            "Red by itself: whose release it is not",
            because="Somebody sets a variable of OmniStack's API in Railway's dashboard, and what that deploys fails. "
            "e5f6a7b of Seance is released right then.",
        )
        self._project.change("staging", _COMMIT_4, _COMMIT_2)
        self._project.commit("OmniStack 4444444 is taken back")
        self._project.clouds.railway.fail(_COMMIT_2, "unhealthy")
        self._project.dashboard.set_variable("omnistack-staging", "api", "LOG_LEVEL", "debug")
        self._project.change("staging", "commit: d4e5f6a", "commit: e5f6a7b")
        self._project.commit("Seance e5f6a7b in staging")
        self._run("deploy", "seance", "-s", "staging", says="staging: deployed", last=4)
        self._check_message("not of this release: omnistack/api", "staging: seance deployed; something else fails")
        self._run("promote", "seance", "--healthy-for", "0", says="commit: c3d4e5f → e5f6a7b", first=60, last=0)
        self._project.commit("Promote Seance")
        self._plan("seance")
        self._approved("seance")

    def drift(self) -> None:
        """Find and mend a change by hand."""
        self._report.step(
            "Drift", because="Somebody sets ENVIRONMENT of OmniStack's API to debug in Railway's dashboard, and leaves."
        )
        self._project.dashboard.set_variable("omnistack-production", "api", "ENVIRONMENT", "debug")
        difference = 'variables.ENVIRONMENT: "production" → "debug"'
        self._run("drift", "-s", "production", code=1, says=difference)
        self._run("deploy", "omnistack", "-s", "production", says="production: deployed", first=6, last=3)
        self._run("drift", "-s", "production", says="what exists is what the state says")

    def _plan(self, system: str) -> None:
        self._run("plan", system, "-s", "production", "--out", _PLAN, says="to update", first=40, last=0)

    def _approved(self, system: str) -> None:
        """Do what was planned, since a reviewer has approved it."""
        self._report.did(f"Grace, a reviewer of the environment production, approves the plan of {system}")
        self._run("deploy", system, "-s", "production", "--plan", _PLAN, says="production: deployed", last=2)
        (self._project.directory / _PLAN).unlink()

    def _check_message(self, says: str, title: str) -> None:
        """Print the last message, which must say so under this title."""
        message = self._project.inbox.messages[-1]
        self._report.message(message)
        self._expect(
            says in str(message) and title in str(message), f"the message must be titled {title}, and say: {says}"
        )

    def _merge(self, branch: str) -> None:
        self._project.git("checkout", "--quiet", "main")
        self._project.git("merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", branch)

    def _run(self, *arguments: str, says: str, code: int = 0, first: int = 0, last: int = 20) -> CommandRun:
        return self.command(RAILYARD, *arguments, says=says, code=code, first=first, last=last)

    def command(
        self,
        *command: str,
        says: str,
        code: int = 0,
        first: int = 0,
        last: int = 20,
        in_shell: bool = False,
        **variables: str,
    ) -> CommandRun:
        run = self._project.run(*command, in_shell=in_shell, **variables)
        as_it_must = run.code == code and says in run.text
        self._report.command(run, first=first if as_it_must else 0, last=last if as_it_must else 100)
        self._expect(as_it_must, f"{run.command} must end with exit code {code} and say: {says}")
        return run

    @staticmethod
    def _expect(so: bool, otherwise: str) -> None:
        if not so:
            raise UnexpectedError(otherwise)
