"""The settings of a service of any kind, and the rules that they obey.

``ServiceSettings`` is a plain service. Another kind is a subclass: a rule for the settings, and the type token of the
services that keep it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from components.arguments import Decides, Many, Obeys, Port, Text, Variables
from components.domain import DomainSettings
from components.service_settings import CdnSettings, IdentitySettings, InstanceSettings
from components.volume import VolumeSettings
from pulumiverse_railway import conflicts, rules

Region = Literal["us-west2", "us-east4-eqdc4a", "europe-west4-drams3a", "asia-southeast1-eqsg3a"]
DEFAULT_REGION: Final = "us-west2"
"""Railway's own first region; replicas of a service without ``region`` run there."""


_WHERE: Final = "how many instances run where"


def placement(replicas: int, region: str, regions: Mapping[Any, int] | None) -> dict[str, int]:
    """Return the number of instances by region."""
    return {**regions} if regions is not None else {region: replicas}


class ServiceSettings(IdentitySettings, InstanceSettings):
    """Settings of a service: those that Railway has by that name, and those of its volume, domains and CDN.

    A topology is a subclass: a rule for the settings, and the type token of the services that keep it.
    """

    TOKEN: ClassVar[str] = "railyard:components:Service"
    """Type token of the component; part of its URN, so that it never changes."""
    STORE: ClassVar[bool] = False
    """True for a database or cache, whose clients are best in its region."""

    VARIABLES_FROM_SETTINGS: ClassVar[Mapping[str, str]] = {"PORT": "port"}
    """Variables that follow from other settings, each with the setting whose value it has."""

    registry_username: Text | None = None
    """User at the image's private registry (Railway's Pro plan); the password is a secret. Default: a public image."""

    replicas: Annotated[int, Obeys(rules.replicas), Decides(_WHERE)] = 1
    """Number of instances."""
    region: Annotated[Region, Decides(_WHERE)] = DEFAULT_REGION
    """Region in which they run."""
    regions: Annotated[dict[Region, Annotated[int, Obeys(rules.replicas)]] | None, Decides(_WHERE)] = None
    """Number of instances in each of several regions, in place of replicas and region: {us-west2: 2,
    europe-west4-drams3a: 1}. Default: replicas, in region.
    """

    port: Port | None = None
    """Port on which it listens: its PORT variable, and where its domains lead unless they have a port of their own."""
    railway_domain: Annotated[bool, Decides("whether there is an address of Railway's own")] = False
    """True if it gets an address of Railway's own, ``….up.railway.app``."""
    railway_domain_port: Port | None = None
    """Port to which that address leads. Default: port."""
    tcp_port: Annotated[Port | None, Decides("whether there is a TCP proxy")] = None
    """Port that Railway's TCP proxy opens to the internet, at a host and port that Railway chooses. Default: none."""
    domains: Many[DomainSettings] = ()
    """Public domains of its own; the first that is no wildcard is its address."""
    cdn: CdnSettings | None = None
    """Railway's CDN before its public addresses: ``{}`` for one as Railway sets it up. Default: none."""
    health_answer: dict[str, str] = Field(default_factory=dict[str, str])
    """Values that the JSON of its health answer must hold, by key: ``{database: ready}``. ``verify`` checks them;
    Railway checks the HTTP status alone.
    """
    volume: VolumeSettings | None = None
    """The volume that it mounts. Default: none, nothing that it writes survives a deployment."""
    variables: Variables = Field(default_factory=dict)
    """Environment variables in clear."""

    @model_validator(mode="after")
    def _contradictions(self) -> Self:
        values = {name: getattr(self, name) for name in InstanceSettings.model_fields}
        if "restart_policy_type" not in self.model_fields_set:
            del values["restart_policy_type"]
        contradictions = list(
            conflicts.of_service({**values, "registry_credentials": self.registry_username}, replicas=self.instances)
        )
        for name, reason in contradictions[:1]:
            # Of the settings of a repo there may be several, given by the system itself.
            names = [to_camel(each) for each, same in contradictions if same == reason]
            text = reason.replace("belongs", "belong") if len(names) > 1 else reason
            by_system = (
                "; set to null (checkSuites to false) what the system itself gives"
                if name in conflicts.FOR_A_REPO and self.image
                else ""
            )
            named = "registryUsername and its password" if name == "registry_credentials" else " and ".join(names)
            raise ValueError(f"{named} {text}{by_system}")
        if self.instances > 1 and self.volume:
            raise ValueError(
                f"1 replica with a volume (Railway's rule), not {self.instances}: set replicas to 1, or remove volume"
            )
        return self

    def variables_from_settings(self) -> dict[str, str]:
        """Return the variables that follow from other settings."""
        values = {variable: getattr(self, setting) for variable, setting in self.VARIABLES_FROM_SETTINGS.items()}
        return {variable: str(value) for variable, value in values.items() if value is not None}

    @property
    def placement(self) -> dict[str, int]:
        """Return the number of instances by region."""
        return placement(self.replicas, self.region, self.regions)

    @property
    def instances(self) -> int:
        """Return the number of instances in all regions together."""
        return sum(self.placement.values())

    @property
    def has_address(self) -> bool:
        """Tell whether it has a public address: one of Railway's own, or a domain that is not a wildcard."""
        return self.railway_domain or any(not each.hostname.startswith("*.") for each in self.domains)

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
                "cdn only with a public address, whose answers it keeps: add domains or railwayDomain, or remove cdn"
            )
        if twice := sorted(self.variables.keys() & {*self.variables_from_settings(), "PORT"}):
            setting = to_camel(self.VARIABLES_FROM_SETTINGS.get(twice[0], "port"))
            raise ValueError(f"variables without {twice[0]}, which {setting} sets: remove it, and give {setting}")
        names = [domain.hostname for domain in self.domains]
        for name in sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each domain once, and {name} is listed more often: remove one")
        return self


def given(args: ServiceSettings, *names: str) -> str:
    """Return which of these settings a service has, as they are written in a file: "domains and tcpPort"."""
    return " and ".join(to_camel(name) for name in names if getattr(args, name))


def kind_of(settings: ServiceSettings) -> type[ServiceSettings]:
    """Return the kind of a service with these settings: the class that has a type token of its own."""
    return next(each for each in type(settings).__mro__ if issubclass(each, ServiceSettings) and "TOKEN" in vars(each))
