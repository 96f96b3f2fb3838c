"""References between variables: read as Railway reads them, waited for, and told where they lead nowhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.from_settings import inputs_of
from components.project import Project, ProjectArgs, ProjectSettings
from components.service import Service, ServiceArgs
from components.service_kind import ServiceSettings
from components.templates import Reference, TemplateFunction, Unreadable, expressions
from components.volume import VolumeSettings
from pulumi_embedded.runner import Options, run
from pulumi_operations.events import Operation, Result
from railway_sandbox.addresses import environment
from railway_sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
CLOUDFLARE = ROOT / "packages" / "pulumi-embedded" / "pulumi_embedded" / "standins" / "cloudflare"
SPEED = 100.0
PASSWORD = "${{db.POSTGRES_PASSWORD}}"
URL = f"postgres://u:{PASSWORD}@${{{{db.RAILWAY_PRIVATE_DOMAIN}}}}/app"


@pytest.mark.parametrize(
    ("text", "owner", "variable"),
    [
        ("${{db.PASSWORD}}", "db", "PASSWORD"),
        ("a ${{ db . PASSWORD }} b", "db", "PASSWORD"),
        ("${{my-db.PASSWORD}}", "my-db", "PASSWORD"),
        ("${{My Db.PASSWORD}}", "My Db", "PASSWORD"),
        ('${{"name.with.dots".VAR}}', "name.with.dots", "VAR"),
        ('${{"a}}b".VAR}}', "a}}b", "VAR"),
        ("${{'name.with.dots'.VAR}}", "name.with.dots", "VAR"),
        ("${{shared.LEVEL}}", "shared", "LEVEL"),
        ("${{OWN}}", "", "OWN"),
        ("$${{\n OWN \n}}$", "", "OWN"),
    ],
)
def test_a_reference_is_read_as_railway_reads_it(text, owner, variable):
    """With spaces, in quotes, of a service, of what is shared, and of the service itself."""
    (found,) = expressions(text)

    assert isinstance(found, Reference)
    assert (found.owner, found.variable) == (owner, variable)


def test_all_of_a_text_is_read_and_nothing_else():
    """Several in one text; a shell's ${NAME} and another language's {{name}} are none of Railway's."""
    parsed = expressions('${{a.B}}${{C}}-${D}-{{e}}-$F-${{a.B}}-${{secret(32, "ab)}}")}}-${{x y}}-${{.A}}-${{open')

    kinds = [(type(each), each.text) for each in parsed]
    assert kinds == [
        (Reference, "${{a.B}}"),
        (Reference, "${{C}}"),
        (TemplateFunction, '${{secret(32, "ab)}}")}}'),
        (Unreadable, "${{x y}}"),
        (Unreadable, "${{.A}}"),
        (Unreadable, "${{open"),
    ]


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("${{secret(32)}}", "keep it in the SOPS file"),
        ("a-${{ secret( ) }}", "keep it in the SOPS file"),
        ("${{randomInt(1, 10)}}", "write a number, in quotes"),
    ],
)
def test_a_function_of_templates_is_refused_with_what_to_write(deploy, value, advice):
    """In settings, in shared variables, and in what a program hands over, plain or as an output: Railway would not
    evaluate it.
    """
    with pytest.raises(ValidationError, match=advice):
        ServiceSettings(image="api:1", variables={"KEY": value})
    with pytest.raises(ValidationError, match=advice):
        ProjectSettings(name="shop", environment="test", shared_variables={"KEY": value})
    for given in (value, lambda: pulumi.Output.secret(value)):
        with pytest.raises(
            pulumi.RunError, match=rf"(?s)shop-api has 1 problem:\s+variables.KEY.*a value without .*{advice}"
        ):
            deploy(lambda given=given: shop(api={"KEY": given() if callable(given) else given}))


def shop(shared: Any = None, **services: Any) -> dict[str, Service]:
    """Make services in this order, each with the variables given; a callable makes the value inside of the program."""
    args = ProjectSettings(name="shop-test", environment="test", shared_variables=dict(shared or {}))
    project = Project("shop", ProjectArgs(**inputs_of(args)))
    made: dict[str, Service] = {}
    for name, variables in services.items():
        values: dict[str, Any] = {each: value() if callable(value) else value for each, value in variables.items()}
        made[name] = Service(
            f"shop-{name}", ServiceArgs(image=f"{name}:1", project=project, name=name, variables=values)
        )
    return made


@pytest.fixture
def said(deploy, monkeypatch) -> Callable[..., list[str]]:
    """What a program with these services warns of."""

    def warnings(program: Callable[[], object]) -> list[str]:
        texts: list[str] = []
        monkeypatch.setattr("pulumi.log.warn", texts.append)
        deploy(program)
        return texts

    return warnings


NOWHERE = "Railway fills in an empty string"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("${{wroker.RAILWAY_PRIVATE_DOMAIN}}", "makes no service wroker in shop-test: did you mean worker?"),
        ("${{Worker.PORTS}}", "makes no service Worker in shop-test: did you mean worker?"),
        ("${{queue.URL}}", f"makes no service queue in shop-test: {NOWHERE}"),
        ("${{worker.TOKN}}", "worker has no variable TOKN: did you mean TOKEN?"),
        ("${{worker.PGHOTS}}", f"worker has no variable PGHOTS: {NOWHERE}; its own are TOKEN"),
        ("${{worker.RAILWAY_PRIVATE_DOMIAN}}", "worker has no variable RAILWAY_PRIVATE_DOMIAN: did you mean "),
        ("${{worker.RAILWAY_PUBLIC_DOMAIN}}", "worker has no public domain"),
        ("${{worker.RAILWAY_TCP_PROXY_PORT}}", "worker has no TCP proxy"),
        ("${{worker.RAILWAY_VOLUME_NAME}}", "worker has no volume"),
        ("${{shared.LEVL}}", "shop-test has no shared variable LEVL: did you mean LEVEL?"),
        ("${{MOED}}", "it has no variable MOED: did you mean MODE?"),
        ("${{web.MOED}}", "it has no variable MOED: did you mean MODE?"),
        ("${{worker.TOKEN", "which Railway cannot read: write ${{service.NAME}}, ${{shared.NAME}} or ${{NAME}}"),
        ("${{shared.BAD}}", "by shared.BAD, holds ${{wroker.TOKEN}}, and this program makes no service wroker"),
        ("${{name.with.dots.X}}", 'a name with a dot needs quotes: ${{"name.with.dots".X}}'),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_the_nearest_name(said, value, told):
    """Whatever its place in the program: services that come later are known."""
    shared = {"LEVEL": "info", "BAD": "${{wroker.TOKEN}}"}
    others = {"worker": {"TOKEN": "t"}, "name.with.dots": {"X": "1"}}

    (warning,) = said(lambda: shop(shared, web={"MODE": "fast", "A": value}, **others))

    assert warning.startswith("shop-web: variables.A")
    assert told in warning


@pytest.mark.parametrize(
    "value",
    [
        "${{worker.RAILWAY_PRIVATE_DOMAIN}} ${{worker.RAILWAY_SERVICE_ID}} ${{worker.TOKEN}} ${{MODE}}",
        "${{RAILWAY_PUBLIC_DOMAIN}} ${{RAILWAY_GIT_COMMIT_SHA}} ${{web.MODE}} ${{shared.NESTED}}",
        "${HOME} {{name}} $NAME",
    ],
)
def test_references_that_lead_somewhere_are_not_told(said, value):
    """Railway's own variables among them."""
    shared = {"LEVEL": "info", "NESTED": "${{shared.LEVEL}} ${{MODE}} ${{worker.TOKEN}}"}

    assert said(lambda: shop(shared, web={"MODE": "fast", "A": value}, worker={"TOKEN": "t"})) == []


def test_a_variable_of_a_service_whose_variables_are_one_output_is_waited_for(said):
    """Their names are not known when the order is made: none of them is told to be missing."""
    needed: list[str] = []

    def program() -> None:
        project = Project("shop", ProjectArgs(name="shop-test", environment="test"))
        variables: Any = pulumi.Output.from_input({"TOKEN": "t"})
        Service("shop-worker", ServiceArgs(image="w:1", project=project, name="worker", variables=variables))
        given = {"A": "${{worker.TOKEN}} ${{worker.RAILWAY_PRIVATE_DOMAIN}}"}
        web = Service("shop-web", ServiceArgs(image="w:1", project=project, name="web", variables=given))
        needed.extend(other.name for other, _ in web.references.must_follow())

    assert said(program) == []
    assert needed == ["worker"]


def test_a_secret_value_is_read_and_never_shown(said):
    """The warning says in which variable the reference stands, and where it leads."""
    (warning,) = said(lambda: shop(web={"A": lambda: pulumi.Output.secret("hidden ${{wroker.X}}")}, worker={}))

    assert "holds a reference in its secret value, and this program makes no service wroker" in warning
    assert "hidden" not in warning
    assert "${{" not in warning


def test_a_service_of_another_project_is_told_as_that(said):
    """Railway fills in variables of the same project only; the other one is named."""

    def program() -> None:
        shop(web={"A": "${{engine.URL}}"})
        other = Project("garage", ProjectArgs(name="garage-test", environment="test"))
        Service("garage-engine", ServiceArgs(image="engine:1", project=other, name="engine"))

    (warning,) = said(program)
    assert "engine is a service of garage-test: Railway fills in variables of the same project only" in warning


def test_a_circle_of_references_is_told_with_each_of_its_steps(deploy):
    """Neither could be deployed first; references to each other's private domain are no circle."""
    with pytest.raises(pulumi.RunError) as error:
        deploy(lambda: shop(a={"X": "${{b.Y}}"}, b={"Y": "y ${{c.Z}}"}, c={"Z": "z", "W": "${{a.X}}"}))

    assert str(error.value) == (
        "the services of shop-test refer to each other in a circle, so that none can be deployed first:\n"
        "  c needs a: variables.W holds ${{a.X}}\n"
        "  a needs b: variables.X holds ${{b.Y}}\n"
        "  b needs c: variables.Y holds ${{c.Z}}\n"
        "move what they share into the sharedVariables of the project, and write ${{shared.NAME}} in both"
    )
    domains = {"a": {"X": "${{b.RAILWAY_PRIVATE_DOMAIN}}"}, "b": {"X": "${{a.RAILWAY_PRIVATE_DOMAIN}}"}}
    assert len(deploy(lambda: shop(**domains))) > 0


def test_a_circle_inside_of_secret_values_is_told_too(deploy):
    """It is known once the values are, before any of the services is deployed."""
    secret: dict[str, Any] = {
        "a": {"X": lambda: pulumi.Output.secret("${{b.X}}")},
        "b": {"X": lambda: pulumi.Output.secret("${{a.X}}")},
    }

    with pytest.raises(pulumi.RunError, match="in a circle") as error:
        deploy(lambda: shop(**secret))

    assert "needs a: variables.X holds a reference in its secret value" in str(error.value)


@pytest.mark.parametrize(
    ("shared", "variables", "path"),
    [
        ({}, {"A": "${{A}}"}, "(A → A)"),
        ({}, {"A": "${{B}}", "B": "${{web.A}}"}, "(B → web.A → B)"),
        ({"S": "${{shared.T}}", "T": "${{shared.S}}"}, {"A": "${{shared.S}}"}, "(shared.S → shared.T → shared.S)"),
    ],
)
def test_a_variable_that_refers_to_itself_is_refused(deploy, shared, variables, path):
    """Inside of one service, and among shared variables."""
    with pytest.raises(pulumi.RunError) as error:
        deploy(lambda: shop(shared, web=variables))

    assert f"refers to itself {path}" in str(error.value)


def test_what_a_service_is_made_to_start_after_counts_for_circles(deploy):
    """The program's own order and the references have to agree."""

    def program() -> None:
        project = Project("shop", ProjectArgs(name="shop-test", environment="test"))
        api_args = ServiceSettings(image="api:1", variables={"X": "${{worker.X}}"})
        api = Service("shop-api", ServiceArgs(**inputs_of(api_args), project=project, name="api"))
        worker_args = ServiceSettings(image="worker:1", variables={"X": "1"})
        Service("shop-worker", ServiceArgs(**inputs_of(worker_args), project=project, name="worker", uses=[api]))

    with pytest.raises(pulumi.RunError, match="worker needs api: is made to start after it"):
        deploy(program)


class Railway:
    """Programs brought up in a simulated Railway by the real provider."""

    def __init__(self, directory: Path) -> None:
        self.sandbox, self.directory = Sandbox(directory, speed=SPEED), directory

    def run(self, operation: Operation, program: Callable[[], object]) -> Result:
        with self.sandbox.serve() as address:
            options = Options(
                root=ROOT,
                stack="refs",
                state_file=self.directory / "refs.json",
                config={},
                plugins={"cloudflare": [sys.executable, str(CLOUDFLARE)]},
                program=lambda: (program(), None)[1],
                environment=environment(address, SPEED),
            )
            return run(operation, options)

    def up(self, program: Callable[[], object]) -> Result:
        result = self.run(Operation.UP, program)
        assert result.succeeded, [each.message for each in result.diagnostics]
        return result

    def deployed(self) -> list[tuple[str, dict[str, str]]]:
        """Every deployment in the order in which it began: the service, and the variables that its container saw."""
        state = self.sandbox.railway.state
        made = sorted(state.deployments.values(), key=lambda each: each.created_at)
        return [(state.services[each.service_id].name, each.variables) for each in made]


@pytest.fixture
def railway(tmp_path: Path) -> Railway:
    return Railway(tmp_path)


@pytest.mark.parametrize(
    ("shared", "value"),
    [
        ({}, URL),
        ({}, 'postgres://u:${{ "db".POSTGRES_PASSWORD }}@db.railway.internal/app'),
        ({"DATABASE_URL": URL}, "${{shared.DATABASE_URL}}"),
        ({}, lambda: pulumi.Output.secret(URL)),
    ],
    ids=["plain", "quoted", "shared", "secret"],
)
def test_a_service_is_deployed_after_what_its_variables_name(railway, shared, value):
    """Although it stands first in the program: it sees the password in its only deployment, and a second run has
    nothing to do.
    """
    program = lambda: shop(  # noqa: E731
        shared, web={"DATABASE_URL": value}, db={"POSTGRES_PASSWORD": lambda: pulumi.Output.secret("made-up")}
    )

    railway.up(program)

    assert [name for name, _ in railway.deployed()] == ["db", "web"]
    seen = railway.deployed()[1][1]["DATABASE_URL"]
    assert seen == "postgres://u:made-up@db.railway.internal/app"
    again = railway.up(program)
    assert {step.kind.value for step in again.steps} == {"same"}
    assert len(railway.deployed()) == 2


def test_a_chain_is_deployed_from_its_end(railway):
    """web waits for api, which waits for db, whatever their order in the program."""
    railway.up(lambda: shop(web={"URL": "${{api.URL}}"}, api={"URL": URL}, db={"POSTGRES_PASSWORD": "p"}))

    assert [name for name, _ in railway.deployed()] == ["db", "api", "web"]
    assert railway.deployed()[2][1]["URL"] == "postgres://u:p@db.railway.internal/app"


def test_services_that_know_each_others_private_domain_come_up(railway):
    """One of them goes first, always the same; both see the name of the other."""
    railway.up(lambda: shop(a={"OTHER": "${{b.RAILWAY_PRIVATE_DOMAIN}}"}, b={"OTHER": "${{a.RAILWAY_PRIVATE_DOMAIN}}"}))

    assert [(name, seen["OTHER"]) for name, seen in railway.deployed()] == [
        ("b", "a.railway.internal"),
        ("a", "b.railway.internal"),
    ]


def test_an_address_and_a_volume_are_there_before_they_are_named(railway):
    """A service that names another's volume waits for it, and never for itself."""

    def program() -> None:
        project = Project("shop", ProjectArgs(name="shop-test", environment="test"))
        variables = {"PATH_OF_DB": "${{db.RAILWAY_VOLUME_MOUNT_PATH}}", "SELF": "${{web.RAILWAY_PUBLIC_DOMAIN}}"}
        web = ServiceSettings(image="web:1", port=80, railway_domain=True, variables=variables)
        Service("shop-web", ServiceArgs(**inputs_of(web), project=project, name="web"))
        db = ServiceSettings(image="db:1", volume=VolumeSettings(mount_path="/data"))
        Service("shop-db", ServiceArgs(**inputs_of(db), project=project, name="db"))

    railway.up(program)

    name, seen = railway.deployed()[-1]
    assert (name, seen["PATH_OF_DB"]) == ("web", "/data")
    assert seen["SELF"].endswith(".up.railway.app")


def test_a_preview_warns_and_asks_nobody(railway):
    """The warning stands in the preview's answer, as a warning."""
    program = lambda: shop(web={"A": "${{wroker.TOKEN}}"}, worker={"TOKEN": "t"})  # noqa: E731

    result = railway.run(Operation.PREVIEW, program)

    assert result.succeeded
    warnings = [each.message for each in result.diagnostics if each.severity == "warning"]
    assert warnings == [
        "shop-web: variables.A holds ${{wroker.TOKEN}}, and this program makes no service wroker in shop-test: did you "
        "mean worker?"
    ]
    assert railway.sandbox.railway.state.projects == {}


def test_a_circle_ends_a_preview_in_words(railway):
    """No traceback, and nothing is deployed."""
    program = lambda: shop(a={"X": "${{b.Y}}"}, b={"Y": "${{a.X}}"})  # noqa: E731

    result = railway.run(Operation.UP, program)

    (error,) = [each.message for each in result.diagnostics if each.severity == "error"]
    assert error.startswith("the services of shop-test refer to each other in a circle")
    assert railway.deployed() == []


@pytest.mark.parametrize("command", ["start_command", "pre_deploy_command"])
def test_a_reference_in_a_command_is_an_order_as_one_in_a_variable(railway, command):
    """What it names is deployed first, wherever it stands in the program."""

    def program() -> None:
        project = Project("shop", ProjectArgs(name="shop-test", environment="test"))
        web = ServiceSettings.model_validate({"image": "web:1", command: "run --token ${{worker.TOKEN}}"})
        Service("shop-web", ServiceArgs(**inputs_of(web), project=project, name="web"))
        worker = ServiceSettings(image="worker:1", variables={"TOKEN": "t"})
        Service("shop-worker", ServiceArgs(**inputs_of(worker), project=project, name="worker"))

    railway.up(program)

    assert [name for name, _ in railway.deployed()] == ["worker", "web"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("run ${{wroker.TOKEN}}", "startCommand holds ${{wroker.TOKEN}}, and this program makes no service wroker"),
        ("run ${{PROT}}", "startCommand holds ${{PROT}}, and it has no variable PROT: did you mean PORT?"),
    ],
)
def test_a_reference_in_a_command_that_leads_nowhere_is_told(said, text, told):
    """With the place in which it stands, and the nearest name."""

    def program() -> None:
        project = Project("shop", ProjectArgs(name="shop-test", environment="test"))
        web = ServiceSettings(image="web:1", port=80, start_command=text)
        Service("shop-web", ServiceArgs(**inputs_of(web), project=project, name="web"))

    (warning,) = said(program)

    assert told in warning


def test_a_function_of_templates_in_a_command_is_refused(railway):
    """Railway evaluates it in templates alone, whatever it stands in."""

    def program() -> None:
        project = Project("shop", ProjectArgs(name="shop-test", environment="test"))
        web = ServiceSettings(image="web:1", start_command="run --key ${{secret(32)}}")
        Service("shop-web", ServiceArgs(**inputs_of(web), project=project, name="web"))

    result = railway.run(Operation.UP, program)

    (error,) = [each.message for each in result.diagnostics if each.severity == "error"]
    assert error.startswith("shop-web: startCommand must be a value without ${{secret(32)}}")
