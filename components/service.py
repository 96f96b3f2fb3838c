"""A Railway service: where its code comes from, how it is built, run and sized, and what it is connected to.

Owns the service and everything that exists for it alone: its volume, its domains, its variables. The order matters
and stands here: the service is made empty, then its volume and its addresses, then one instance with all settings, so
that the first deployment has everything and is the only one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal, Self

import pulumi
from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

import pulumiverse_railway as railway
from components.arguments import Many, Obeys, Port, Text, Variables
from components.bucket import Bucket
from components.domain import Domain, DomainSettings
from components.project import Project
from components.railway_bucket import RailwayBucket
from components.references import PUBLIC, TCP, VOLUME, Referring
from components.service_settings import CdnSettings, IdentitySettings, InstanceSettings
from components.volume import Volume, VolumeSettings
from components.zone import Zone, holding
from pulumiverse_railway import rules

Region = Literal["us-west2", "us-east4-eqdc4a", "europe-west4-drams3a", "asia-southeast1-eqsg3a"]
DEFAULT_REGION: Final = "us-west2"
"""Railway's own first region; replicas of a service without ``region`` run there."""


class ServiceSettings(IdentitySettings, InstanceSettings):
    """Settings of a service: those that Railway has by that name, and those of its volume, domains and CDN.

    A topology is a subclass: a rule for the settings, and the type token of the services that keep it.
    """

    TOKEN: ClassVar[str] = "railyard:components:Service"
    """Type token of the component; part of its URN, so that it never changes."""
    STORE: ClassVar[bool] = False
    """Whether it stores what others ask for, so that these are best in its region."""

    registry_username: Text | None = None
    """User at the image's private registry (Railway's Pro plan); the password is a secret. Default: a public image."""

    replicas: Annotated[int, Obeys(rules.replicas)] = 1
    """Number of instances."""
    region: Region = DEFAULT_REGION
    """Region in which they run."""
    regions: dict[Region, Annotated[int, Obeys(rules.replicas)]] | None = None
    """Number of instances in each of several regions, in place of replicas and region: {us-west2: 2,
    europe-west4-drams3a: 1}. Default: replicas, in region.
    """

    port: Port | None = None
    """Port on which it listens: its PORT variable, and where its domains lead unless they have a port of their own."""
    railway_domain: bool = False
    """Whether it gets an address of Railway's own, ``….up.railway.app``."""
    railway_domain_port: Port | None = None
    """Port to which that address leads. Default: port."""
    tcp_port: Port | None = None
    """Port that Railway's TCP proxy opens to the internet, at a host and port that Railway chooses. Default: none."""
    domains: Many[DomainSettings] = ()
    """Public domains of its own; the first that is no wildcard is its address."""
    cdn: CdnSettings | None = None
    """Railway's CDN before its public addresses: ``{}`` for one as Railway sets it up. Default: none."""
    health_answer: dict[str, str] = Field(default_factory=dict[str, str])
    """What the JSON of its health answer has to say, where it says it: ``{database: ready}``. ``verify`` looks there,
    Railway at the status alone.
    """
    volume: VolumeSettings | None = None
    """The volume that it mounts. Default: none, nothing that it writes survives a deployment."""
    variables: Variables = Field(default_factory=dict)
    """Environment variables in clear."""

    @model_validator(mode="after")
    def _contradictions(self) -> Self:
        given = {name: getattr(self, name) for name in InstanceSettings.model_fields}
        if "restart_policy_type" not in self.model_fields_set:
            del given["restart_policy_type"]
        found = list(
            rules.contradictions({**given, "registry_credentials": self.registry_username}, replicas=self.instances)
        )
        for name, reason in found[:1]:
            # Of the settings of a repo there may be several, given by the system itself.
            names = [to_camel(each) for each, same in found if same == reason]
            said = reason.replace("belongs", "belong") if len(names) > 1 else reason
            by_system = (
                "; set to null (checkSuites to false) what the system itself gives"
                if name in rules.FOR_A_REPO and self.image
                else ""
            )
            named = "registryUsername and its password" if name == "registry_credentials" else " and ".join(names)
            raise ValueError(f"{named} {said}{by_system}")
        if self.instances > 1 and self.volume:
            raise ValueError(
                f"1 replica with a volume (Railway's rule), not {self.instances}: set replicas to 1, or remove volume"
            )
        return self

    def made_variables(self) -> dict[str, str]:
        """Return the variables that follow from other settings."""
        return {"PORT": str(self.port)} if self.port else {}

    @property
    def placement(self) -> dict[str, int]:
        """Return the number of instances by region."""
        return {**self.regions} if self.regions is not None else {self.region: self.replicas}

    @property
    def instances(self) -> int:
        """Return the number of instances in all regions together."""
        return sum(self.placement.values())

    @model_validator(mode="after")
    def _places(self) -> Self:
        if self.regions is None:
            return self
        if not self.regions:
            raise ValueError("regions with a region at least: add one, or remove regions")
        if also := [name for name in ("replicas", "region") if name in self.model_fields_set]:
            raise ValueError(
                f"either regions, which holds the replicas of each region, or {' and '.join(also)}: remove one of them"
            )
        return self

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        lead = [*(domain.port for domain in self.domains), *([self.railway_domain_port] if self.railway_domain else [])]
        if self.port is None and None in lead:
            raise ValueError("a domain only with the port that it leads to: add port")
        if self.railway_domain_port is not None and not self.railway_domain:
            raise ValueError("railwayDomainPort only with an address of Railway's own: set railwayDomain to true")
        if self.cdn and not (self.domains or self.railway_domain):
            raise ValueError(
                "cdn only with a public address, which it stands before: add domains or railwayDomain, or remove cdn"
            )
        if twice := sorted(self.variables.keys() & self.made_variables().keys() | self.variables.keys() & {"PORT"}):
            raise ValueError(f"variables without {twice[0]}, which follows from other settings: remove it")
        names = [domain.hostname for domain in self.domains]
        for name in sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each domain once, and {name} stands there more often: remove one")
        return self


def given(args: ServiceSettings, *names: str) -> str:
    """Return which of these settings a service has, as they are written in a file: "domains and tcpPort"."""
    return " and ".join(to_camel(name) for name in names if getattr(args, name))


@dataclass(frozen=True, kw_only=True)
class SecretVariables:
    """Names of variables with secrets that are not treated as others are, in whichever service they stand."""

    sealed: frozenset[str] = frozenset()
    """Railway never shows their values again."""
    kept: frozenset[str] = frozenset()
    """Their values are not known in this run, and stay as the state has them."""
    encrypted: frozenset[str] = frozenset()
    """Their values are encrypted in the settings, and stay secret in the state and in previews."""

    def among(self, variables: Mapping[str, pulumi.Input[str]]) -> SecretVariables:
        """Return those that one service has. A secret and what is made of it are Outputs; a plain text is none."""
        made = {name for name, value in variables.items() if isinstance(value, pulumi.Output)}
        return SecretVariables(sealed=self.sealed & made, kept=self.kept & made)


NO_SECRETS = SecretVariables()


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
    args: ServiceSettings
    """What it was made of."""
    referring: Referring
    """What its variables refer to."""

    def __init__(
        self,
        name: str,
        args: ServiceSettings,
        *,
        project: Project,
        service_name: str,
        zones: Sequence[Zone] = (),
        variables: Mapping[str, pulumi.Input[str]] | None = None,
        own_address: Sequence[str] = (),
        bucket: Bucket | RailwayBucket | None = None,
        uses: Sequence[Service] = (),
        registry_password: pulumi.Input[str] | None = None,
        secrets: SecretVariables = NO_SECRETS,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the service.

        ``variables`` are those whose values come from secrets or other resources; they win over ``args.variables``.
        ``own_address`` names the variables that hold the service's own public address. ``uses`` are the services that
        must be healthy first. ``registry_password`` belongs to ``args.registry_username``. ``secrets`` says which of
        all variables are treated otherwise.
        """
        super().__init__(args.TOKEN, name, None, opts)
        self.args = args
        self._project = project
        self._registry_password = registry_password
        self._secrets = secrets
        identity = self._identity(name, service_name)
        self.service_id = identity.service_id
        self.private_host = identity.private_domain
        volume = self._volume(name, identity, args.volume) if args.volume else None
        self.domains = [self._domain(name, domain, identity, zones) for domain in args.domains]
        self._railway_domain = self._generated_domain(name, identity) if args.railway_domain else None
        self.url = self._address()
        if args.cdn:
            self._cdn(name, identity, args.cdn)
        tcp_proxy = self._tcp_proxy(name, identity, args.tcp_port) if args.tcp_port else None
        self.tcp_address = tcp_proxy and pulumi.Output.format("{0}:{1}", tcp_proxy.domain, tcp_proxy.proxy_port)
        computed = {
            **(bucket.variables() if bucket else {}),
            **(variables or {}),
            **self._own_address(name, own_address),
        }
        addresses = self._addresses(tcp_proxy, volume)
        # Its addresses too: Railway tells a deployment the names that it has when it starts.
        before: list[pulumi.Resource] = [
            *(service.instance for service in uses),
            *(each for made in addresses.values() for each in made),
            *([project.shared_variables] if project.shared_variables else []),
        ]
        self.referring = Referring(
            label=name,
            name=service_name,
            project=project.references,
            variables=self._variables(name, computed),
            commands={
                key: command
                for key, command in (
                    ("startCommand", args.start_command),
                    ("preDeployCommand", args.pre_deploy_command),
                )
                if command
            },
            uses=[service.referring for service in uses],
            addresses=addresses,
            identity=identity,
            regions=frozenset(args.placement),
            store=args.STORE,
        )
        project.references.add(self.referring)
        self.instance = self.referring.instance = self._instance(name, identity, before)
        self.register_outputs({"serviceId": self.service_id, "privateHost": self.private_host, "url": self.url})

    def _identity(self, name: str, service_name: str) -> railway.Service:
        return railway.Service(
            f"{name}-service",
            project_id=self._project.project_id,
            environment_id=self._project.environment_id,
            name=service_name,
            **self.args.identity_inputs(),
            # Not deleted_with the project: a destroy that stops at a protected volume would drop the service from the
            # state and leave it, and the project, on Railway.
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _addresses(
        self, tcp_proxy: railway.TcpProxy | None, volume: Volume | None
    ) -> dict[frozenset[str], Sequence[pulumi.Resource]]:
        """Return what gives variables of Railway's their values."""
        return {
            PUBLIC: [*(each.custom_domain for each in self.domains), *filter(None, [self._railway_domain])],
            TCP: [tcp_proxy] if tcp_proxy else [],
            VOLUME: [volume] if volume else [],
        }

    def _volume(self, name: str, identity: railway.Service, args: VolumeSettings) -> Volume:
        mine = pulumi.ResourceOptions(parent=self)
        return Volume(f"{name}-volume", args, project=self._project, service=identity, opts=mine)

    def _domain(self, name: str, domain: DomainSettings, identity: railway.Service, zones: Sequence[Zone]) -> Domain:
        return Domain(
            f"{name}-{domain.hostname}",
            domain,
            project=self._project,
            service=identity,
            zone=holding(zones, domain.hostname),
            port=domain.port or self.args.port,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _generated_domain(self, name: str, identity: railway.Service) -> railway.ServiceDomain:
        return railway.ServiceDomain(
            f"{name}-railway-domain",
            project_id=self._project.project_id,
            environment_id=self._project.environment_id,
            service_id=identity.service_id,
            target_port=self.args.railway_domain_port or self.args.port,
            opts=pulumi.ResourceOptions(parent=self, deleted_with=identity),
        )

    def _cdn(self, name: str, identity: railway.Service, args: CdnSettings) -> None:
        proxied = [domain.hostname for domain in self.args.domains if domain.proxied]
        if proxied:
            pulumi.log.warn(
                f"{name}: {', '.join(proxied)} has Cloudflare's proxy before Railway's CDN, so that two caches answer: "
                "set proxied to false there, or remove cdn"
            )
        railway.ServiceCdn(
            f"{name}-cdn",
            project_id=self._project.project_id,
            environment_id=self._project.environment_id,
            service_id=identity.service_id,
            **args.inputs(),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*self.domains, *filter(None, [self._railway_domain])],
                deleted_with=identity,
            ),
        )

    def _tcp_proxy(self, name: str, identity: railway.Service, port: int) -> railway.TcpProxy:
        return railway.TcpProxy(
            f"{name}-tcp-proxy",
            project_id=self._project.project_id,
            environment_id=self._project.environment_id,
            service_id=identity.service_id,
            application_port=port,
            opts=pulumi.ResourceOptions(parent=self, deleted_with=identity),
        )

    def _registry_credentials(self, name: str) -> railway.RegistryCredentialsArgs | None:
        username, password = self.args.registry_username, self._registry_password
        if (username is None) != (password is None):
            raise ValueError(f"{name}: registryUsername of the settings and registry_password go together: give both")
        return railway.RegistryCredentialsArgs(username=username, password=password) if username and password else None

    def _address(self) -> pulumi.Output[str] | None:
        hosts = [domain for domain in self.domains if not domain.hostname.startswith("*.")]
        if hosts:
            return pulumi.Output.from_input(hosts[0].url)
        return pulumi.Output.concat("https://", self._railway_domain.domain) if self._railway_domain else None

    def _own_address(self, name: str, variables: Sequence[str]) -> dict[str, pulumi.Input[str]]:
        if variables and self.url is None:
            raise ValueError(f"{name}: {', '.join(variables)} hold its public address, and it has none")
        return {variable: self.url for variable in variables if self.url is not None}

    def _variables(self, name: str, computed: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[str]]:
        for variable in sorted(computed.keys() & self.args.variables.keys()):
            pulumi.log.warn(f"{name}: variables.{variable} has no effect, since its system sets {variable}: remove it")
        own: dict[str, pulumi.Input[str]] = {
            variable: pulumi.Output.secret(value) if variable in self._secrets.encrypted else value
            for variable, value in self.args.variables.items()
        }
        return {**own, **computed, **self.args.made_variables()}

    async def _before(self, made: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        return list(dict.fromkeys([*made, *await self._project.references.needed_by(self.referring)]))

    def _instance(
        self,
        name: str,
        identity: railway.Service,
        before: Sequence[pulumi.Resource],
    ) -> railway.ServiceInstance:
        args, variables = self.args, self.referring.variables
        secrets = self._secrets.among(variables)
        settings: dict[str, Any] = args.inputs() | {
            "branch": (args.branch or "main") if args.repo else None,
            "check_suites": args.check_suites if args.repo else None,
            "restart_policy_type": "NEVER" if args.cron_schedule else args.restart_policy_type,
            "on_failure": None if args.on_failure == "keep" else args.on_failure,
        }
        return railway.ServiceInstance(
            f"{name}-instance",
            project_id=self._project.project_id,
            environment_id=self._project.environment_id,
            service_id=identity.service_id,
            registry_credentials=self._registry_credentials(name),
            regions=args.placement,
            variables=dict(variables),
            sealed=sorted(secrets.sealed) or None,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=pulumi.Output.from_input(self._before(before)),
                deleted_with=identity,
                ignore_changes=[f"variables.{variable}" for variable in sorted(secrets.kept)],
            ),
            **settings,
        )
