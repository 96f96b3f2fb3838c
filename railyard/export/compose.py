"""The services of a system → a compose file.

Owns the translation, https://github.com/compose-spec/compose-spec. Private names stay as they are, as aliases of the
network; secrets are references to a ``.env`` file.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from components.redirect import redirects_of
from pulumi_operations.events import Step
from pulumi_operations.values import Secret, plain
from railyard.shared.console import OperationError
from railyard.shared.urns import types_in
from stacks import resource_types

Table: TypeAlias = dict[str, Any]
INTERVAL_S: Final = 5
"""Interval of a container's health check; Railway has one of its own."""
START_S: Final = 60
"""Time limit for a database's first answer."""
PINGS: Final = {
    "railyard:components:Postgres": 'pg_isready -U "$POSTGRES_USER" -d "$POSTGRES_DB"',
    "railyard:components:Mysql": "mysqladmin ping -h 127.0.0.1 --silent",
    "railyard:components:Mongodb": "mongosh --quiet --eval 'quit(db.runCommand({ping: 1}).ok ? 0 : 1)'",
    "railyard:components:Redis": "redis-cli ping || valkey-cli ping",
}
"""Type of a database's component → what tells, inside its container, that it answers. Railway asks none of them."""
_RESTART: Final = {"ALWAYS": "always", "NEVER": "no"}
_MADE: Final = {
    "SPACES_ACCESS_KEY_ID": "DigitalOcean",
    "SPACES_SECRET_ACCESS_KEY": "DigitalOcean",
    "AWS_ACCESS_KEY_ID": "Railway",
    "AWS_SECRET_ACCESS_KEY": "Railway",
}
"""Variables whose values a cloud makes, so that the sandbox only made them up → which cloud."""
_NAME: Final = re.compile(r"[^A-Z0-9]+")


@dataclass
class Composed:
    """A compose file, and what is not in it."""

    document: Table
    secrets: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Variables of the ``.env`` file with their values."""
    notes: list[str] = field(default_factory=list[str])


def compose(system: str, steps: Iterable[Step]) -> Composed:
    """Return the services that an ``up`` of ``system`` made, as a compose file."""
    return _Composer(system, {step.urn: step for step in steps}).composed()


class _Composer:
    """Works on the resources of one ``up``, by their URNs."""

    def __init__(self, system: str, steps: Mapping[str, Step]) -> None:
        self._steps = steps
        self._done = Composed({"name": system, "services": {}})
        self._taken: set[int] = set()
        self._names = {
            step.parent: str(step.new_inputs["name"]) for step in steps.values() if step.type == resource_types.SERVICE
        }
        """URN of a service's component → the service's name."""
        self._addresses: dict[str, str] = {}
        """Address that Railway gives, and leads nowhere from a sandbox → the one that has its place."""

    def composed(self) -> Composed:
        """Return the file."""
        instances = [step for step in self._steps.values() if step.type == resource_types.SERVICE_INSTANCE]
        healthy = {self._names[each.parent] for each in instances if _healthcheck(each)}
        by_urn = {each.urn: self._names[each.parent] for each in instances}
        volumes: Table = {}
        for instance in instances:
            name = self._names[instance.parent]
            service = self._service(name, instance)
            needed = sorted(by_urn[urn] for urn in instance.dependencies if urn in by_urn)
            if needed:
                conditions = {one: "service_healthy" if one in healthy else "service_started" for one in needed}
                service["depends_on"] = {one: {"condition": condition} for one, condition in conditions.items()}
            if mount := self._mount(instance.parent):
                service["volumes"] = [f"{name}-data:{mount}"]
                volumes[f"{name}-data"] = {}
            self._done.document["services"][name] = service
        for step in self._steps.values():
            if step.type == resource_types.RULESET:
                self._done.notes += [
                    f"{each.hostname} leads on to {each.to} ({each.status}) at Cloudflare, and to nothing in the file"
                    for each in redirects_of(step.new_inputs)
                ]
        self._replace_addresses()
        services = self._done.document["services"]
        self._done.document["services"] = {name: services[name] for name in sorted(services)}
        if volumes:
            self._done.document["volumes"] = dict(sorted(volumes.items()))
        return self._done

    def _replace_addresses(self) -> None:
        """Let addresses that Railway would give lead to what runs here, in secrets too."""
        services = cast("dict[str, Table]", self._done.document["services"])
        for values in (self._done.secrets, *(service.get("environment") or {} for service in services.values())):
            for variable in values:
                for given, address in self._addresses.items():
                    values[variable] = values[variable].replace(given, address)

    def _below(self, component: str, type_: str) -> list[Step]:
        """Return resources of a type below a component, at whatever depth."""
        resources: list[Step] = []
        for step in self._steps.values():
            if step.type != type_:
                continue
            parent = step.parent
            while parent and parent != component:
                parent = self._steps[parent].parent if parent in self._steps else ""
            if parent:
                resources.append(step)
        return resources

    def _mount(self, component: str) -> str | None:
        volumes = self._below(component, resource_types.VOLUME)
        return str(volumes[0].new_inputs["mountPath"]) if volumes else None

    def _service(self, name: str, instance: Step) -> Table:
        inputs = {key: value for key, value in instance.new_inputs.items() if not isinstance(value, Secret)}
        service: Table = self._source(name, inputs)
        if command := inputs.get("startCommand"):
            service["entrypoint"] = _command(name, str(command), shell=not inputs.get("image"))
        environment = self._environment(name, instance.new_inputs.get("variables") or {})
        if environment:
            service["environment"] = environment
        service |= self._ports(name, instance, _replicas(inputs))
        if check := _healthcheck(instance):
            service["healthcheck"] = check
        service["restart"] = _restart(inputs)
        service["networks"] = {"default": {"aliases": [f"{name}.railway.internal"]}}
        if seconds := inputs.get("drainingSeconds"):
            service["stop_grace_period"] = f"{int(seconds)}s"
        if deploy := _deploy(inputs):
            service["deploy"] = deploy
        if cron := inputs.get("cronSchedule"):
            service["profiles"] = ["cron"]
            self._done.notes.append(
                f"{name} runs on a schedule, and compose has none: write into a crontab (in UTC) "
                f"{cron} docker compose run --rm {name}"
            )
        if before := inputs.get("preDeployCommand"):
            run = f"docker compose run --rm --entrypoint sh {name} -c {shlex.quote(str(before))}"
            self._done.notes.append(f"{name}: run before each deployment: {run}")
        return service

    def _source(self, name: str, inputs: Table) -> Table:
        if image := inputs.get("image"):
            return {"image": image}
        branch = inputs.get("commitSha") or inputs.get("branch") or "main"
        folder = str(inputs.get("rootDirectory") or "").strip("/")
        context = f"https://github.com/{inputs['repo']}.git#{branch}" + (f":{folder}" if folder else "")
        build: Table = {"context": context}
        builder = str(inputs.get("builder") or "RAILPACK")
        if path := inputs.get("dockerfilePath"):
            build["dockerfile"] = str(path).lstrip("/")
        elif builder != "DOCKERFILE":
            self._done.notes.append(
                f"{name} is built by {builder.title()} on Railway: compose needs a Dockerfile in {inputs['repo']}"
            )
        return {"build": build}

    def _environment(self, name: str, variables: Mapping[str, Any] | Secret) -> Table:
        """Return the variables; secrets as references, whose values are noted."""
        values = cast("Mapping[str, Any]", variables.value if isinstance(variables, Secret) else variables)
        environment: Table = {}
        for variable, value in sorted(values.items()):
            text = str(plain(value))
            if isinstance(value, Secret) or variable in _MADE:
                key = self._key(name, variable, "" if variable in _MADE else text)
                environment[variable] = f"${{{key}}}"
                if variable in _MADE:
                    self._done.notes.append(f"{key}: a key of the bucket, which only {_MADE[variable]} gives")
            else:
                environment[variable] = _escaped(text)
        return environment

    def _key(self, name: str, variable: str, text: str) -> str:
        """Return the variable of the ``.env`` file that holds a secret; no other value has it."""
        key = _NAME.sub("_", f"{name}_{variable}".upper())
        key = f"_{key}" if key[0].isdigit() else key
        while self._done.secrets.setdefault(key, text) != text:
            key += "_"
        return key

    def _ports(self, name: str, instance: Step, replicas: int) -> Table:
        """Return which ports of a service are open, and to whom; what Railway calls its addresses is noted."""
        open_ports: Table = {}
        ports: list[str] = []
        if port := _port(instance.new_inputs.get("variables")):
            open_ports["expose"] = [str(port)]
            if public := self._domains(instance.parent):
                ports.append(self._free(port, replicas))
                here = ports[0].split(":")[1].partition("-")[0]
                open_ports["labels"] = {"railyard.domains": ", ".join(public)}
                for each in self._below(instance.parent, resource_types.SERVICE_DOMAIN):
                    host = str(each.new_outputs["domain"])
                    self._addresses |= {f"https://{host}": f"http://localhost:{here}", host: "localhost"}
        for proxy in self._below(instance.parent, resource_types.TCP_PROXY):
            port = int(proxy.new_inputs["applicationPort"])
            ports.append(self._free(port, replicas))
            given = f"{proxy.new_outputs['domain']}:{int(proxy.new_outputs['proxyPort'])}"
            self._addresses[given] = f"{name}.railway.internal:{port}"
        return open_ports | ({"ports": ports} if ports else {})

    def _domains(self, component: str) -> list[str]:
        domains = [str(each.new_inputs["domain"]) for each in self._below(component, resource_types.CUSTOM_DOMAIN)]
        given = self._below(component, resource_types.SERVICE_DOMAIN)
        return domains or ["an address of this machine"] * bool(given)

    def _free(self, port: int, replicas: int) -> str:
        """Return where a port is on this machine: one for each replica, which no other has; below 1024 needs rights."""
        first = port if port >= 1024 else port + 8000
        while self._taken & {*range(first, first + replicas)}:
            first += 1
        self._taken |= {*range(first, first + replicas)}
        last = f"-{first + replicas - 1}" if replicas > 1 else ""
        return f"127.0.0.1:{first}{last}:{port}"


def _command(name: str, command: str, *, shell: bool) -> list[str]:
    try:
        words = ["/bin/sh", "-c", command] if shell else shlex.split(command)
    except ValueError:
        raise OperationError(f"{name}: startCommand has a quote or a backslash without its end: correct it") from None
    return [_escaped(word) for word in words]


def _healthcheck(instance: Step) -> Table | None:
    """Return how compose finds out that a service is healthy, None where nothing tells."""
    inputs = instance.new_inputs
    if path := inputs.get("healthcheckPath"):
        url = f"http://localhost:{_port(inputs.get('variables')) or 80}{path}"
        test = f"wget -q -O /dev/null {url} || curl -fsS -o /dev/null {url} || exit 1"
        return _check(test, int(inputs.get("healthcheckTimeout") or 300))
    above = types_in(instance.urn)
    return next((_check(ping, START_S) for type_, ping in PINGS.items() if type_ in above), None)


def _check(test: str, within_s: int) -> Table:
    return {
        "test": ["CMD-SHELL", _escaped(test)],
        "interval": f"{INTERVAL_S}s",
        "retries": math.ceil(within_s / INTERVAL_S),
    }


def _port(variables: Mapping[str, Any] | Secret | None) -> int | None:
    """Return the port that a variable tells."""
    values = cast("Mapping[str, Any]", variables.value if isinstance(variables, Secret) else variables or {})
    port = str(plain(values.get("PORT", "")))
    return int(port) if port.isdigit() else None


def _restart(inputs: Table) -> str:
    policy = str(inputs.get("restartPolicyType") or "ON_FAILURE")
    return _RESTART.get(policy) or f"on-failure:{int(inputs.get('restartPolicyMaxRetries') or 10)}"


def _replicas(inputs: Table) -> int:
    regions = cast("Mapping[str, float]", inputs.get("regions") or {})
    return int(sum(regions.values()) or 1)


def _deploy(inputs: Table) -> Table:
    replicas = _replicas(inputs)
    limits: Table = {}
    if cpus := inputs.get("vcpus"):
        limits["cpus"] = f"{cpus:g}"
    if memory := inputs.get("memoryMb"):
        limits["memory"] = f"{int(memory) * 1_000_000}b"
    deploy: Table = {"replicas": replicas} if replicas > 1 else {}
    return deploy | ({"resources": {"limits": limits}} if limits else {})


def _escaped(text: str) -> str:
    """Return a string in which compose finds no variable of its own."""
    return text.replace("$", "$$")
