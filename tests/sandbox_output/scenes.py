"""Operations as the engine would tell them, for tests of what is shown of them."""

from __future__ import annotations

from typing import Any

from pulumi_operations.events import (
    Change,
    Diagnostic,
    Event,
    Operation,
    Result,
    Status,
    Step,
    StepFinished,
    StepKind,
    StepStarted,
)
from pulumi_operations.values import UNKNOWN, Secret

STACK = "urn:pulumi:sandbox::railyard::pulumi:pulumi:Stack::railyard-sandbox"
HIDDEN = "never-show-this"


def urn(type: str, name: str) -> str:
    return f"urn:pulumi:sandbox::railyard::{type}::{name}"


def step(kind: StepKind, type: str, name: str, parent: str = STACK, **more: Any) -> Step:
    """One step; components are told from their type."""
    custom = not type.startswith("railyard:")
    return Step(kind=kind, urn=urn(type, name), type=type, name=name, parent=parent, custom=custom, **more)


SYSTEM, SERVICE = "railyard:systems:Seance", "railyard:components:Service"
SEANCE, BACKEND = urn(SYSTEM, "seance"), urn(SERVICE, "seance-backend")
DATABASE = urn("railyard:components:Postgres", "netia-postgres")


def frame(kind: StepKind) -> list[Step]:
    """The components around everything."""
    return [
        step(kind, SYSTEM, "seance"),
        step(kind, SERVICE, "seance-backend", SEANCE),
        step(kind, "railyard:systems:Netia", "netia"),
        step(kind, "railyard:components:Postgres", "netia-postgres", urn("railyard:systems:Netia", "netia")),
    ]


OUTPUTS: dict[str, Any] = {
    "seance": {
        "projectId": "4f1c",
        "environmentId": UNKNOWN,
        "addresses": {"backend": "https://backend.seance.dev"},
        "keys": Secret([HIDDEN]),
        "regions": ["us-west2", "europe-west4"],
    },
    "netia": {"projectId": "77aa", "databaseUrl": Secret(f"postgres://u:{HIDDEN}@host/db"), "replicas": 2},
}

OUTPUT_CHANGES = {"seance.addresses": Change.UPDATE, "netia.replicas": Change.ADD, "netia.gone": Change.DELETE}

CREATES = [
    *frame(StepKind.CREATE),
    step(StepKind.CREATE, "railway:index:Project", "seance", SEANCE, new_inputs={"name": "seance-sandbox"}),
    step(
        StepKind.CREATE, "railway:index:Service", "seance-backend-service", BACKEND, new_inputs={"projectId": UNKNOWN}
    ),
    step(
        StepKind.CREATE,
        "railway:index:ServiceInstance",
        "seance-backend-instance",
        BACKEND,
        new_inputs={"variables": {"STRIPE_SECRET_KEY": Secret(HIDDEN), "PORT": "8765"}, "serviceId": UNKNOWN},
    ),
    step(StepKind.CREATE, "cloudflare:index/dnsRecord:DnsRecord", "seance-backend-domain-cname", BACKEND),
    step(StepKind.CREATE, "railway:index:Volume", "netia-postgres-volume", DATABASE, protect=True),
]

CHANGES = [
    *frame(StepKind.SAME),
    step(StepKind.SAME, "railway:index:Project", "seance", SEANCE),
    step(
        StepKind.UPDATE,
        "railway:index:ServiceInstance",
        "seance-backend-instance",
        BACKEND,
        old_inputs={
            "image": "fractalhuman1/seance-backend:1111111111111111111111111111111111111111111",
            "variables": {"KEY": Secret("old-secret"), "LOST_MARK": Secret(HIDDEN), "GONE": "x"},
            "preDeployCommand": "one\ntwo\n",
            "regions": {"us-west2": 1},
        },
        new_inputs={
            "image": "fractalhuman1/seance-backend:2222222222222222222222222222222222222222222",
            "variables": {"KEY": Secret(HIDDEN), "LOST_MARK": HIDDEN, "URL": UNKNOWN},
            "preDeployCommand": "one\ntwo\nthree\n",
            "regions": {"us-west2": 2, "europe-west4": 1},
        },
        changes={
            "image": Change.UPDATE,
            "variables.KEY": Change.UPDATE,
            "variables.LOST_MARK": Change.UPDATE,
            "variables.GONE": Change.DELETE,
            "variables.URL": Change.ADD,
            "preDeployCommand": Change.UPDATE,
            "regions": Change.UPDATE,
        },
    ),
    step(
        StepKind.REPLACE,
        "railway:index:CustomDomain",
        "seance-backend-domain",
        BACKEND,
        old_inputs={"domain": "old.seance.dev"},
        new_inputs={"domain": "backend.seance.dev"},
        changes={"domain": Change.UPDATE_REPLACE},
    ),
    step(StepKind.SAME, "railway:index:Service", "seance-backend-service", BACKEND),
    step(StepKind.DELETE, "railway:index:Volume", "netia-postgres-volume", DATABASE, protect=True),
]


Told = tuple[list[Event], Result]
"""The events of an operation, and how it ended."""


def planned(steps: list[Step], *diagnostics: Diagnostic, succeeded: bool = True, **outputs: Any) -> Told:
    """A preview of ``steps``."""
    events: list[Event] = [StepFinished(step=item) for item in steps]
    return [*events, *diagnostics], Result(
        operation=Operation.PREVIEW,
        succeeded=succeeded,
        steps=tuple(steps),
        outputs=outputs,
        diagnostics=diagnostics,
        duration_s=4.21,
    )


def failing_update() -> Told:
    """An update in which one service is updated, a domain is replaced and a deployment fails."""
    same, (service, domain, volume) = CHANGES[:5], [CHANGES[5], CHANGES[6], CHANGES[8]]
    broken = step(
        StepKind.CREATE, "railway:index:ServiceInstance", "netia-app-instance", urn("railyard:systems:Netia", "netia")
    )
    made, dropped = [
        step(kind, domain.type, domain.name, domain.parent, changes=domain.changes)
        for kind in (StepKind.CREATE_REPLACEMENT, StepKind.DELETE_REPLACED)
    ]
    error = f"deployment failed: it crashed\n\x1b[31mlast line of its log\x1b[0m with {HIDDEN}\nsee https://railway.com/project/77aa"
    diagnostics = (
        Diagnostic(severity="warning", message="domain has no certificate yet", urn=domain.urn),
        Diagnostic(severity="error", message=error, urn=broken.urn),
        Diagnostic(severity="info", message="hello from the program"),
        Diagnostic(severity="warning", message="domain answers slowly", urn=domain.urn),
        Diagnostic(severity="error", message="update failed"),
    )
    events: list[Event] = [
        *(StepFinished(step=item) for item in same),
        StepStarted(step=service),
        Status(urn=service.urn, text="waiting for the deployment: BUILDING"),
        StepStarted(step=broken),
        StepFinished(step=service, duration_s=61.04),
        StepStarted(step=made),
        StepFinished(step=made, duration_s=0.31),
        StepFinished(step=domain),
        StepFinished(step=broken, duration_s=123.4, error=error),
        *diagnostics,
        StepStarted(step=dropped),
        StepFinished(step=dropped, duration_s=0.2),
        StepStarted(step=volume),
        StepFinished(step=volume, duration_s=0.1),
    ]
    steps = tuple(event.step for event in events if isinstance(event, StepFinished))
    return events, Result(
        operation=Operation.UP,
        succeeded=False,
        steps=steps,
        outputs=OUTPUTS,
        output_changes=OUTPUT_CHANGES,
        diagnostics=diagnostics,
        duration_s=130.5,
    )


def drift() -> Told:
    """A refresh that finds one resource changed and one gone."""
    before, after = {"image": "a:1", "token": Secret("old-secret")}, {"image": "a:2", "token": Secret(HIDDEN)}
    changed = step(
        StepKind.UPDATE,
        "railway:index:ServiceInstance",
        "seance-backend-instance",
        BACKEND,
        old_outputs=before,
        new_outputs=after,
        changes={"image": Change.UPDATE, "token": Change.UPDATE},
    )
    gone = step(StepKind.DELETE, "railway:index:Volume", "netia-postgres-volume", DATABASE)
    events: list[Event] = []
    for item in [*frame(StepKind.SAME), changed, gone]:
        if item.custom:
            events.append(StepStarted(step=step(StepKind.REFRESH, item.type, item.name, item.parent)))
        events.append(StepFinished(step=item, duration_s=0.05))
    steps = tuple(event.step for event in events if isinstance(event, StepFinished))
    return events, Result(
        operation=Operation.REFRESH, succeeded=True, steps=steps, outputs={}, diagnostics=(), duration_s=0.26
    )
