"""A Railway service: where its code comes from, how it is built, run and sized, and what it is connected to.

Owns the service and everything that exists for it alone: its volume, its domains, its variables. The order matters:
the service is made empty, then its volume and its addresses, then one instance with all settings, so
that the first deployment has everything and is the only one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

import pulumiverse_railway as railway
from components.checking import checked, derived, resource_inputs
from components.domain import Domain, DomainArgs
from components.existing import ExistingProject, ExistingZone
from components.inputs import CdnInputs, DomainInputs, ServiceInputs, VolumeInputs
from components.project import Project
from components.references import PUBLIC, TCP, VOLUME, ServiceReferences
from components.service_kind import ServiceSettings, placement
from components.service_settings import CdnSettings, IdentitySettings, InstanceSettings
from components.volume import Volume, VolumeArgs
from components.wiring import wired
from components.zone import Zone, holding


@dataclass(frozen=True, kw_only=True)
class ServiceArgs(ServiceInputs):
    """Arguments of a service: its settings, and what it is connected to."""

    project: Project | ExistingProject
    """The project, and in it the environment, in which it runs."""
    kind: type[ServiceSettings] = ServiceSettings
    """Kind of the service: a rule for its settings, and its type token. Default: a plain service."""
    name: str | None = None
    """Name of the service on Railway, by which others refer to its variables. Default: that of the component."""
    zones: Sequence[Zone | ExistingZone] = ()
    """The Cloudflare zones that hold its domains."""
    own_address: Sequence[str] = ()
    """Variables that hold its own public address."""
    uses: Sequence[Service] = ()
    """Services that are healthy before it is deployed."""
    registry_password: pulumi.Input[str | None] = None
    """Password that belongs to ``registry_username``."""
    sealed: Sequence[str] = ()
    """Variables whose values Railway never shows again."""
    unknown_variables: Sequence[str] = ()
    """Variables whose values are not known in this run, and stay as the state has them."""


class Service(pulumi.ComponentResource):
    """A service in one environment, deployed and healthy."""

    service_id: pulumi.Output[str]
    """Railway's id of the service."""
    private_host: pulumi.Output[str]
    """Name under which other services of the environment reach it, ``….railway.internal``."""
    url: pulumi.Output[str] | None
    """Public address, None for a private service."""
    tcp_address: pulumi.Output[str] | None
    """Host and port of its TCP proxy, None without one."""
    domains: Sequence[Domain]
    """Its public domains."""
    instance: railway.ServiceInstance
    """The running instance; depend on it to start after this service is healthy."""
    args: ServiceArgs
    """Checked arguments."""
    references: ServiceReferences
    """References of its variables."""

    def __init__(self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        self._given = checked(name, args, wired(name, args, ServiceArgs).kind)
        self.args = args = self._given.args
        _refuse_contradictions(name, args)
        super().__init__(args.kind.TOKEN, name, None, opts)
        service = self._railway_service(name)
        self.service_id = service.service_id
        self.private_host = service.private_domain
        volume = self._volume(name, service, args.volume) if args.volume else None
        self.domains = [self._domain(name, domain, service) for domain in args.domains]
        self._railway_domain = self._generated_domain(name, service) if args.railway_domain else None
        self.url = self._address()
        if args.cdn:
            self._cdn(name, service, args.cdn)
        tcp_proxy = self._tcp_proxy(name, service, args.tcp_port) if args.tcp_port else None
        self.tcp_address = tcp_proxy and pulumi.Output.format("{0}:{1}", tcp_proxy.domain, tcp_proxy.proxy_port)
        self.references = self._references(name, service, self._addresses(tcp_proxy, volume))
        args.project.references.add(self.references)
        self.instance = self.references.instance = self._instance(name, service)
        self.register_outputs({"serviceId": self.service_id, "privateHost": self.private_host, "url": self.url})

    def _where(self) -> dict[str, pulumi.Input[str]]:
        project = self.args.project
        return {"project_id": project.project_id, "environment_id": project.environment_id}

    def _railway_service(self, name: str) -> railway.Service:
        return railway.Service(
            f"{name}-service",
            **self._where(),
            name=self.args.name or name,
            **resource_inputs(self.args, IdentitySettings),
            # Not deleted_with the project: a destroy that stops at a protected volume would drop the service from the
            # state and leave it, and the project, on Railway.
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _references(
        self, name: str, service: railway.Service, addresses: Mapping[frozenset[str], Sequence[pulumi.Resource]]
    ) -> ServiceReferences:
        args = self.args
        variables: Mapping[str, pulumi.Input[str]] = args.variables if isinstance(args.variables, Mapping) else {}
        commands = {"startCommand": args.start_command, "preDeployCommand": args.pre_deploy_command}
        return ServiceReferences(
            label=name,
            name=args.name or name,
            project=args.project.references,
            variables={**variables, **self._own_variables()},
            every_variable=isinstance(args.variables, Mapping),
            commands={key: command for key, command in commands.items() if command is not None},
            uses=[service.references for service in args.uses],
            addresses=addresses,
            service=service,
            regions=frozenset(self._placement()),
            store=args.kind.STORE,
        )

    def _placement(self) -> dict[str, int]:
        return placement(self.args.replicas, self.args.region, self.args.regions)

    def _addresses(
        self, tcp_proxy: railway.TcpProxy | None, volume: Volume | None
    ) -> dict[frozenset[str], Sequence[pulumi.Resource]]:
        """Return the resources that give variables of Railway's own their values."""
        return {
            PUBLIC: [*(each.custom_domain for each in self.domains), *filter(None, [self._railway_domain])],
            TCP: [tcp_proxy] if tcp_proxy else [],
            VOLUME: [volume] if volume else [],
        }

    def _volume(self, name: str, service: railway.Service, volume: VolumeInputs) -> Volume:
        args = VolumeArgs(**vars(volume), project=self.args.project, service=service)
        return Volume(f"{name}-volume", args, pulumi.ResourceOptions(parent=self))

    def _domain(self, name: str, domain: DomainInputs, service: railway.Service) -> Domain:
        args = DomainArgs(
            hostname=domain.hostname,
            proxied=domain.proxied,
            port=derived(_or_default, domain.port, self.args.port),
            project=self.args.project,
            service=service,
            zone=holding(self.args.zones, domain.hostname),
        )
        return Domain(f"{name}-{domain.hostname}", args, pulumi.ResourceOptions(parent=self))

    def _generated_domain(self, name: str, service: railway.Service) -> railway.ServiceDomain:
        return railway.ServiceDomain(
            f"{name}-railway-domain",
            **self._where(),
            service_id=service.service_id,
            target_port=derived(_or_default, self.args.railway_domain_port, self.args.port),
            opts=pulumi.ResourceOptions(parent=self, deleted_with=service),
        )

    def _cdn(self, name: str, service: railway.Service, cdn: CdnInputs) -> None:
        proxied = [domain.hostname for domain in self.args.domains if domain.proxied]
        if proxied:
            pulumi.log.warn(
                f"{name}: {', '.join(proxied)} has Cloudflare's proxy before Railway's CDN, so that two caches answer: "
                "set proxied to false there, or remove cdn"
            )
        railway.ServiceCdn(
            f"{name}-cdn",
            **self._where(),
            service_id=service.service_id,
            **resource_inputs(cdn, CdnSettings),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*self.domains, *filter(None, [self._railway_domain])],
                deleted_with=service,
            ),
        )

    def _tcp_proxy(self, name: str, service: railway.Service, port: int) -> railway.TcpProxy:
        return railway.TcpProxy(
            f"{name}-tcp-proxy",
            **self._where(),
            service_id=service.service_id,
            application_port=port,
            opts=pulumi.ResourceOptions(parent=self, deleted_with=service),
        )

    def _registry_credentials(self) -> railway.RegistryCredentialsArgs | None:
        username, password = self.args.registry_username, self.args.registry_password
        if username is None or password is None:
            return None
        return railway.RegistryCredentialsArgs(username=username, password=password)  # pyright: ignore[reportArgumentType]

    def _address(self) -> pulumi.Output[str] | None:
        hosts = [domain for domain in self.domains if not domain.hostname.startswith("*.")]
        if hosts:
            return pulumi.Output.from_input(hosts[0].url)
        return pulumi.Output.concat("https://", self._railway_domain.domain) if self._railway_domain else None

    def _own_variables(self) -> dict[str, pulumi.Input[str]]:
        """Return the variables that follow from its other settings: its public address, its port."""
        own: dict[str, pulumi.Input[str]] = {name: self.url for name in self.args.own_address if self.url is not None}
        by_setting = self.args.kind.VARIABLES_FROM_SETTINGS
        values = {variable: getattr(self.args, setting) for variable, setting in by_setting.items()}
        return {**own, **{variable: derived(str, value) for variable, value in values.items() if value is not None}}

    async def _depends_on(self) -> list[pulumi.Resource]:
        """Return depends_on of the instance, after all Outputs have been validated."""
        await self._given.agreement()
        shared = self.args.project.shared_variables
        needed = [
            *(service.instance for service in self.args.uses),
            # Its addresses too: Railway tells a deployment the names that it has when it starts.
            *(each for needed in self.references.addresses.values() for each in needed),
            *([shared] if shared else []),
        ]
        return list(dict.fromkeys([*needed, *await self.args.project.references.needed_by(self.references)]))

    def _variables(self) -> pulumi.Input[Mapping[str, pulumi.Input[str]]]:
        variables = self.args.variables
        if isinstance(variables, Mapping):
            return dict(self.references.variables)
        return derived(_together, variables, self._own_variables())

    def _instance(self, name: str, service: railway.Service) -> railway.ServiceInstance:
        args = self.args
        settings: dict[str, Any] = resource_inputs(args, InstanceSettings) | {
            "branch": derived(_branch, args.branch, args.repo),
            "check_suites": derived(_only_with, args.check_suites, args.repo),
            "restart_policy_type": derived(_restart_policy, args.restart_policy_type, args.cron_schedule),
            "on_failure": derived(_none_if_keep, args.on_failure),
        }
        return railway.ServiceInstance(
            f"{name}-instance",
            **self._where(),
            service_id=service.service_id,
            registry_credentials=self._registry_credentials(),
            regions=self._placement(),
            variables=self._variables(),
            sealed=sorted(args.sealed) or None,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=pulumi.Output.from_input(self._depends_on()),
                deleted_with=service,
                # Not the password of a registry: engines fail to ignore it where the state has no registry yet.
                ignore_changes=[f"variables.{variable}" for variable in sorted(args.unknown_variables)],
            ),
            **settings,
        )


def _refuse_contradictions(name: str, args: ServiceArgs) -> None:
    """Raise ``pulumi.RunError``, before anything is registered, for arguments that contradict each other."""
    lacking = [setting for setting in args.kind.VARIABLES_FROM_SETTINGS.values() if not hasattr(args, setting)]
    if lacking:
        needed = f"{args.kind.__name__.removesuffix('Settings')}Args"
        raise pulumi.RunError(
            f"{name}: {type(args).__name__} has no {lacking[0]}, which its kind needs: write {needed}"
        )
    if (args.registry_username is None) != (args.registry_password is None):
        raise pulumi.RunError(f"{name}: registryUsername and registryPassword go together: give both")
    hostnames = [domain.hostname for domain in args.domains]
    if args.own_address and not args.railway_domain and all(each.startswith("*.") for each in hostnames):
        raise pulumi.RunError(
            f"{name}: {' and '.join(args.own_address)} shall hold its public address, and it has none: add domains, or "
            "set railwayDomain to true"
        )
    for hostname in hostnames:
        holding(args.zones, hostname)


def _together(variables: Mapping[str, str] | None, own: Mapping[str, str]) -> dict[str, str]:
    return {**(variables or {}), **own}


def _or_default(value: int | None, default: int | None) -> int | None:
    return value or default


def _branch(branch: str | None, repo: str | None) -> str | None:
    return (branch or "main") if repo else None


def _only_with(value: object, repo: str | None) -> object:
    return value if repo else None


def _restart_policy(policy: str, cron_schedule: str | None) -> str:
    return "NEVER" if cron_schedule else policy


def _none_if_keep(on_failure: str) -> str | None:
    return None if on_failure == "keep" else on_failure
