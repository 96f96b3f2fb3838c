"""Variables: references between them, what Railway adds, and the operations that write them.

Owns rendering and the variable operations. Where variables are stored belongs to the environment's config.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from railway_sandbox.identifiers import uuid_of
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.config.fingerprints import affected_by
from railway_sandbox.railway.config.references import references, rendered
from railway_sandbox.railway.config.view import service_config
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.errors import invalid
from railway_sandbox.railway.records import Config, Environment, Service

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class VariableRow:
    """A variable without its value, as ``environment.variables`` lists it."""

    id: str
    name: str
    environment_id: str
    service_id: str | None
    is_sealed: bool
    references: list[str]
    created_at: float
    updated_at: float


def _rows(environment: Environment, service_id: str | None, variables: Config) -> Iterator[VariableRow]:
    for name, entry in variables.items():
        yield VariableRow(
            id=uuid_of(f"{environment.id}/{service_id}/{name}"),
            name=name,
            environment_id=environment.id,
            service_id=service_id,
            is_sealed=bool(entry.get("isSealed")),
            references=sorted(str(reference) for reference in references(entry.get("value") or "")),
            created_at=environment.created_at,
            updated_at=environment.updated_at,
        )


def _of_environment(caller: Caller, environment: Environment, _arguments: Arguments) -> list[VariableRow]:
    rows = list(_rows(environment, None, environment.config.get("sharedVariables", {})))
    for instance in caller.cloud.instances(environment.id):
        config = service_config(environment, instance.service_id)
        rows += _rows(environment, instance.service_id, config.get("variables", {}))
    return rows


def _stored(environment: Environment, service_id: str | None) -> Config:
    """Return the stored variables of the service, or the shared ones."""
    if service_id is None:
        return environment.config.get("sharedVariables", {})
    return service_config(environment, service_id).get("variables", {})


def _store(environment: Environment, service_id: str | None, variables: Config) -> None:
    """Replace all variables of the service, or the shared ones."""
    if service_id is None:
        environment.config = {**environment.config, "sharedVariables": variables}
    else:
        environment.services[service_id] = {**service_config(environment, service_id), "variables": variables}


def _owner(caller: Caller, inputs: Arguments) -> tuple[Environment, str | None]:
    """Return the environment and the id of the service whose variables are meant; None for the shared ones."""
    if inputs.get("serviceId") is None:
        return caller.named_environment(inputs), None
    environment, service = caller.environment_and_service(inputs)
    return environment, service.id


def _variables(caller: Caller, arguments: Arguments) -> dict[str, str]:
    environment, service_id = _owner(caller, arguments)
    own = {
        name: entry.get("value") or ""
        for name, entry in _stored(environment, service_id).items()
        if not entry.get("isSealed")
    }
    if service_id is None:
        return own
    everything = rendered(caller.cloud, environment, service_id)
    added = {name: value for name, value in everything.items() if name not in own and name.startswith("RAILWAY_")}
    if arguments.get("unrendered"):
        return own | added
    return {name: everything[name] for name in own} | added


def named_values(variables: Any) -> dict[str, str]:
    """Return the values of Railway's scalar ``EnvironmentVariables`` by name. Raises ``Refused`` for anything else."""
    if not isinstance(variables, dict):
        raise invalid("variables must be an object")
    values = cast("dict[str, Any]", variables)
    if any(not NAME.fullmatch(name) or not isinstance(value, str) for name, value in values.items()):
        raise invalid("variables must map names to strings")
    return values


def _upsert_collection(caller: Caller, arguments: Arguments) -> bool:
    inputs = arguments["input"]
    return _write(caller, inputs, named_values(inputs["variables"]), replace=bool(inputs.get("replace")))


def _upsert(caller: Caller, arguments: Arguments) -> bool:
    inputs = arguments["input"]
    if not NAME.fullmatch(inputs["name"]):
        raise invalid("name")
    return _write(caller, inputs, {inputs["name"]: inputs["value"]}, replace=False)


def _write(caller: Caller, inputs: Arguments, values: dict[str, str], *, replace: bool) -> bool:
    environment, service_id = _owner(caller, inputs)
    with affected_by(caller.cloud, environment) as affected:
        before = _stored(environment, service_id)
        remaining = {name: entry for name, entry in before.items() if not replace or name in values}
        changed = {name: {**remaining.get(name, {}), "value": value} for name, value in values.items()}
        _store(environment, service_id, {**remaining, **changed})
    environment.updated_at = caller.now
    if not inputs.get("skipDeploys"):
        deployments.after_variables(caller.cloud, environment, affected.redeployed)
    return True


def _delete(caller: Caller, arguments: Arguments) -> bool:
    inputs = arguments["input"]
    environment, service_id = _owner(caller, inputs)
    with affected_by(caller.cloud, environment) as affected:
        stored = _stored(environment, service_id)
        remaining = {name: entry for name, entry in stored.items() if name != inputs["name"]}
        _store(environment, service_id, remaining)
    environment.updated_at = caller.now
    deployments.after_variables(caller.cloud, environment, affected.redeployed)
    return True


def _service_of(caller: Caller, row: VariableRow, _arguments: Arguments) -> Service | None:
    return None if row.service_id is None else caller.service(row.service_id, live=False)


def _environment_of(caller: Caller, row: VariableRow, _arguments: Arguments) -> Environment:
    return caller.environment(row.environment_id, live=False)


def _for_deployment(caller: Caller, arguments: Arguments) -> dict[str, str]:
    """Return the variables of a deployment but the sealed ones, whose values Railway never shows."""
    return _variables(caller, {**arguments, "unrendered": False})


QUERIES: Operations = {"variables": _variables, "variablesForServiceDeployment": _for_deployment}
MUTATIONS: Operations = {
    "variableUpsert": _upsert,
    "variableCollectionUpsert": _upsert_collection,
    "variableDelete": _delete,
}
FIELDS: FieldResolvers = {
    "Environment.variables": _of_environment,
    "Variable.service": _service_of,
    "Variable.environment": _environment_of,
}
