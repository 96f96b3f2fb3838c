"""The rules: what the topologies of this repository must hold.

Owns the table, each rule with its reason, one example that breaks it and one that does not. Rules for single
values are in ``pulumiverse_railway.rules``, and those between settings with the settings: both refuse before a preview.
"""

from __future__ import annotations

from typing import Any, Final

from components.databases import SERVERS
from stacks import resource_types
from stacks.policy.policy import RAILWAY, Broken, Level, Policy, Resource, Resources
from stacks.project_folder import RAILYARD
from stacks.releases import names_a_version

_COMPONENTS: Final = "railyard:"
"""Prefixes of the types of systems, topologies and components."""
_STORES: Final = tuple(server.token for server in SERVERS)
_GATEWAY_TOKEN: Final = "DISCORD_BOT_TOKEN"
_SHOP: Final = f"{resource_types.SYSTEMS}Shop"
_ABOVE: Final = f"{_SHOP}$railyard:topologies:Backend"


def _example(
    noun: str, name: str, *, above: str = _ABOVE, protect: bool = False, needs: str = "", **props: Any
) -> Resource:
    """Return a resource of an example; ``needs`` are names of others, with spaces between them."""
    kind = noun if ":" in noun else f"{RAILWAY}{noun}"
    return Resource(
        type=kind, name=name, urn=_urn(above, kind, name), props=props, protect=protect,
        needs=frozenset(needs.split()),
    )  # fmt: skip


def _urn(above: str, kind: str, name: str) -> str:
    return f"urn:pulumi:shop::railyard::{above}{'$' if above else ''}{kind}::{name}"


def _urns(noun: str, name: str, above: str = _ABOVE) -> str:
    return _urn(above, f"{RAILWAY}{noun}", name)


def _unprotected(stack: Resources) -> Broken:
    return ((each, "is not protected") for each in stack.of("Volume", "SpacesBucket", "Bucket") if not each.protect)


def _without_backups(stack: Resources) -> Broken:
    return ((each, "has no backup schedule") for each in stack.of("Volume") if not each.props.get("backupSchedules"))


def _without_check(stack: Resources) -> Broken:
    for each in stack.of("ServiceInstance"):
        names = [str(domain.props.get("domain")) for domain in stack.needed(each, "CustomDomain")]
        if names and not each.props.get("healthcheckPath"):
            yield each, f"serves {names[0]} without a health check"


def _without_version(stack: Resources) -> Broken:
    for each in stack.of("ServiceInstance"):
        image = each.props.get("image")
        if isinstance(image, str) and not names_a_version(image):
            yield each, f"runs {image}, which is whatever was pushed last"


def _unpinned(stack: Resources) -> Broken:
    for each in stack.of("ServiceInstance"):
        if each.props.get("repo") and not each.props.get("commitSha"):
            yield each, f"follows {each.props['repo']}, whatever is pushed there"


def _doubled_gateways(stack: Resources) -> Broken:
    connected = [each for each in stack.of("ServiceInstance") if _GATEWAY_TOKEN in (each.props.get("variables") or {})]
    for each in connected:
        replicas = _replicas(each)
        if replicas > 1:
            yield each, f"connects to Discord {replicas} times with one token"
    yield from ((each, f"connects with a token that {connected[0].name} has, too") for each in connected[1:])


def _replicas(instance: Resource) -> int:
    regions = instance.props.get("regions")
    if isinstance(regions, dict):
        return sum(int(each) for each in regions.values() if isinstance(each, int | float))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return int(instance.props.get("numReplicas") or 1)


def _distant(stack: Resources) -> Broken:
    for each in stack.of("ServiceInstance"):
        regions = set(each.props.get("regions") or ())
        for other in stack.needed(each, "ServiceInstance"):
            other_regions = set(other.props.get("regions") or ())
            if regions and other_regions and _is_store(other) and not regions & other_regions:
                yield each, f"runs in {', '.join(sorted(regions))}, {other.name} in {', '.join(sorted(other_regions))}"


def _is_store(resource: Resource) -> bool:
    return any(each in _STORES for each in resource.parents)


def _public(stack: Resources) -> Broken:
    for each in stack.of("TcpProxy", "ServiceDomain", "CustomDomain"):
        if _is_store(each):
            yield each, "opens a database to the internet"


def _ownerless(stack: Resources) -> Broken:
    for each in stack.every:
        if not any(parent.startswith(_COMPONENTS) for parent in each.parents):
            yield each, "belongs to no system and no component"


def _unlimited(stack: Resources) -> Broken:
    for each in stack.of("ServiceInstance"):
        if not each.props.get("memoryMb"):
            yield each, "may use all memory that the plan allows"


def _not_restarting(stack: Resources) -> Broken:
    for each in stack.of("ServiceInstance"):
        if each.props.get("restartPolicyType") == "NEVER" and not each.props.get("cronSchedule"):
            yield each, "stays down when it ends"


_DATABASE: Final = f"{_SHOP}$railyard:components:Postgres"
_IN_WEST: Final = _example("ServiceInstance", "shop-postgres-instance", above=_DATABASE, regions={"us-west2": 1})
_WITH_TOKEN: Final = {_GATEWAY_TOKEN: "…"}

POLICIES: Final = (
    Policy(
        name="data-is-protected",
        must="Volumes and buckets are protected.",
        why="A destroy, or a name that changes, would delete data that cannot be restored.",
        fix=f"make it by the components Volume and Bucket, which protect; `{RAILYARD} unprotect` lifts it on purpose",
        level=Level.MANDATORY,
        broken=_unprotected,
        failing=[_example("Volume", "shop-web-volume-disk")],
        passing=[_example("Volume", "shop-web-volume-disk", protect=True)],
    ),
    Policy(
        name="volumes-have-backups",
        must="Each volume has a backup schedule.",
        why="Railway keeps no other copy of a volume.",
        fix="give the volume backups: [daily]",
        level=Level.ADVISORY,
        broken=_without_backups,
        failing=[_example("Volume", "shop-web-volume-disk", protect=True)],
        passing=[_example("Volume", "shop-web-volume-disk", protect=True, backupSchedules=["DAILY"])],
    ),
    Policy(
        name="public-names-have-a-check",
        must="A service with a public name has a health check.",
        why="Without one Railway sends visitors to a deployment as soon as its process runs, ready or not.",
        fix="give the service a healthcheckPath",
        level=Level.ADVISORY,
        broken=_without_check,
        failing=[
            _example("CustomDomain", "shop-web-domain", domain="shop.example"),
            _example("ServiceInstance", "shop-web-instance", needs=_urns("CustomDomain", "shop-web-domain")),
        ],
        passing=[
            _example("CustomDomain", "shop-web-domain", domain="shop.example"),
            _example(
                "ServiceInstance", "shop-web-instance", needs=_urns("CustomDomain", "shop-web-domain"),
                healthcheckPath="/health",
            ),
        ],
    ),
    Policy(
        name="images-name-a-version",
        must="An image has a digest, or a tag with a number in it.",
        why="latest is another image tomorrow: nothing shows what runs, and no way leads back to what ran.",
        fix="write the tag that is meant, valkey/valkey:8.1, or the digest",
        level=Level.ADVISORY,
        broken=_without_version,
        failing=[_example("ServiceInstance", "shop-cache-instance", image="valkey/valkey:latest")],
        passing=[_example("ServiceInstance", "shop-cache-instance", image="valkey/valkey:8.1")],
    ),
    Policy(
        name="repositories-are-pinned",
        must="A service that is built from a repository names the commit.",
        why="Otherwise each push is live at once, with failing tests, and untried in staging.",
        fix="give the service a commitSha; `railyard promote` keeps it up to date",
        level=Level.ADVISORY,
        broken=_unpinned,
        failing=[_example("ServiceInstance", "shop-web-instance", repo="shop/shop", branch="main")],
        passing=[
            _example("ServiceInstance", "shop-web-instance", repo="shop/shop", branch="main", commitSha="a1b2c3d"),
        ],
    ),
    Policy(
        name="one-gateway-for-each-token",
        must="One replica of one service connects with a Discord token.",
        why="Discord sends each event to every connection of a token: two answer everything twice.",
        fix="set replicas to 1, and give the other service a bot of its own and its token another variable",
        level=Level.MANDATORY,
        broken=_doubled_gateways,
        failing=[_example("ServiceInstance", "shop-bot-instance", variables=_WITH_TOKEN, regions={"us-west2": 2})],
        passing=[_example("ServiceInstance", "shop-bot-instance", variables=_WITH_TOKEN, regions={"us-west2": 1})],
    ),
    Policy(
        name="databases-are-near",
        must="A service runs in the region of the database that it uses.",
        why="Each query would cross a continent, 60 to 150 ms there and back.",
        fix="give both the same region",
        level=Level.ADVISORY,
        broken=_distant,
        failing=[
            _IN_WEST,
            _example("ServiceInstance", "shop-web-instance", needs=_IN_WEST.urn, regions={"europe-west4-drams3a": 1}),
        ],
        passing=[
            _IN_WEST,
            _example("ServiceInstance", "shop-web-instance", needs=_IN_WEST.urn, regions={"us-west2": 1}),
        ],
    ),
    Policy(
        name="databases-are-private",
        must="No public address leads to a database.",
        why="The private network is enough for services; a public port is found, and passwords are tried.",
        fix="remove its domain and its TCP proxy; `railway connect` reaches it from outside",
        level=Level.MANDATORY,
        broken=_public,
        failing=[_example("TcpProxy", "shop-postgres-tcp-proxy", above=_DATABASE)],
        passing=[_example("TcpProxy", "shop-web-tcp-proxy")],
    ),
    Policy(
        name="resources-have-an-owner",
        must="Each resource belongs to a system, or to a component of a program without systems.",
        why="Without an owner it is unknown who may change or delete it, and whom it costs.",
        fix="make it in a system's compose, with parent=self",
        level=Level.MANDATORY,
        broken=_ownerless,
        failing=[_example(resource_types.SPACES_BUCKET, "left-over", above="", protect=True)],
        passing=[
            _example(resource_types.SPACES_BUCKET, "shop-bucket-space", above=_SHOP, protect=True)
        ],
    ),
    Policy(
        name="memory-is-limited",
        must="A service has a memory limit.",
        why="A leak is billed up to what the plan allows, 48 GB on Hobby, until it is noticed.",
        fix="give the service memoryMb",
        level=Level.ADVISORY,
        broken=_unlimited,
        failing=[_example("ServiceInstance", "shop-web-instance")],
        passing=[_example("ServiceInstance", "shop-web-instance", memoryMb=512)],
    ),
    Policy(
        name="services-restart",
        must="A service that should run always is started again when it ends.",
        why="One crash would be an outage until the service is started by hand.",
        fix="set restartPolicyType to ON_FAILURE or ALWAYS, or give it a cronSchedule",
        level=Level.ADVISORY,
        broken=_not_restarting,
        failing=[_example("ServiceInstance", "shop-web-instance", restartPolicyType="NEVER")],
        passing=[
            _example("ServiceInstance", "shop-job-instance", restartPolicyType="NEVER", cronSchedule="0 3 * * *")
        ],
    ),
)  # fmt: skip
"""Every rule, the gravest first within a subject."""
BY_NAME: Final = {policy.name: policy for policy in POLICIES}
