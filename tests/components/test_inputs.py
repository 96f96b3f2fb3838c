"""Values that only another resource knows: taken wherever a setting is, judged by the same rules, in the same words."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.output import UNKNOWN

from components.bucket import Bucket, BucketArgs
from components.domain import Domain, DomainArgs
from components.existing import ExistingProject, ExistingZone
from components.inputs import CdnInputs, DomainInputs, RedirectInputs, VolumeInputs
from components.postgres import Postgres, PostgresArgs
from components.project import Project, ProjectArgs
from components.redirect import Redirects, RedirectsArgs
from components.redis import Redis, RedisArgs
from components.service import Service, ServiceArgs
from components.static_site import StaticSiteSettings
from components.volume import Volume, VolumeArgs
from components.worker import WorkerSettings
from components.zone import Zone, ZoneArgs

INSTANCE = "railway:index:ServiceInstance"


def later(value: Any) -> Any:
    """A value that is known only when the program runs."""
    return pulumi.Output.from_input(value)


def unknown() -> Any:
    """A value that a preview does not know."""
    return pulumi.Output.from_input(UNKNOWN)


def project() -> Project:
    return Project("shop", ProjectArgs(name="shop-test", environment="test"))


def api(**given: Any) -> Service:
    return Service("api", ServiceArgs(**{"project": project(), "image": "api:1", **given}))


def test_settings_may_be_outputs_and_plain_values_side_by_side(deploy):
    """Each reaches its resource as if it had been written: also inside of groups and lists."""

    def program() -> None:
        zone = Zone("zone", ZoneArgs(name="example.com", id=later("0" * 32), proxied=True))
        api(
            image=later("api@sha256:" + "a" * 64),
            port=later(9000),
            memory_mb=later(512),
            cron_schedule=None,
            zones=[zone],
            domains=[DomainInputs(hostname="api.example.com"), DomainInputs(hostname="b.example.com", port=later(1))],
            volume=VolumeInputs(mount_path=later("/data"), size_gb=later(2), backups=[later("daily"), "weekly"]),
            cdn=CdnInputs(html_caching=later("never")),
            variables={"URL": later("redis://"), "MODE": "fast"},
        )

    seen = deploy(program)

    instance, disk = seen[INSTANCE, "api-instance"], seen["railway:index:Volume", "api-volume-disk"]
    assert (instance["image"], instance["memoryMb"]) == ("api@sha256:" + "a" * 64, 512)
    assert instance["variables"] == {"URL": "redis://", "MODE": "fast", "PORT": "9000"}
    assert (disk["mountPath"], disk["sizeMb"], disk["backupSchedules"]) == ("/data", 2000, ["DAILY", "WEEKLY"])
    assert seen["railway:index:CustomDomain", "api-api.example.com-domain"]["targetPort"] == 9000
    assert seen["railway:index:CustomDomain", "api-b.example.com-domain"]["targetPort"] == 1
    assert seen["railway:index:ServiceCdn", "api-cdn"]["htmlCaching"] == "never"
    assert seen["cloudflare:index/zoneSetting:ZoneSetting", "zone-ssl"]["zoneId"] == "0" * 32


def test_what_a_component_derives_follows_from_outputs_too(deploy):
    """A schedule that is known later rules the restart policy, a version the image, a user the address."""
    found: list[str] = []

    def program() -> None:
        here = project()
        Service("job", ServiceArgs(project=here, repo=later("shop/job"), cron_schedule=later("0 3 * * *")))
        database = Postgres("db", PostgresArgs(project=here, version=later("18"), user=later("shop"), password="p@ss"))
        database.url().apply(found.append)
        Redis("cache", RedisArgs(project=here, image=later("valkey/valkey:8"), size_gb=1))

    seen = deploy(program)

    job = seen[INSTANCE, "job-instance"]
    assert (job["restartPolicyType"], job["branch"]) == ("NEVER", "main")
    assert seen[INSTANCE, "db-instance"]["image"] == "ghcr.io/railwayapp-templates/postgres-ssl:18"
    assert seen[INSTANCE, "db-instance"]["variables"]["POSTGRES_USER"] == "shop"
    assert found == ["postgresql://shop:p%40ss@postgres.railway.internal:5432/railway"]
    assert seen[INSTANCE, "cache-instance"]["startCommand"].startswith("valkey-server --appendonly")


WRONG = [
    ({"memory_mb": 1}, "api has 1 problem:\n  memoryMb = 1\n    allowed: between "),
    ({"image": "https://api"}, 'api has 1 problem:\n  image = "https://api"\n    allowed: a Docker image with its tag'),
    ({"repo": "shop/api"}, "image and repo"),
    ({"variables": {"A-B": "x"}}, "variables.A-B"),
    ({"variables": {"KEY": "${{secret(3)}}"}}, "a value without ${{secret(3)}}, which Railway evaluates in templates"),
    ({"volume": {"mount_path": "data"}}, 'volume.mountPath = "data"'),
    ({"builder": "MAKE"}, "allowed: one of '"),
    ({"image": f"{'M' + 'a1' * 12}.Gabcde.{'x9' * 19}"}, 'image = "<credential>"\n'),
    ({"image": "postgres://u:hunter2@db/x"}, 'image = "<credential>db/x"\n'),
]


@pytest.mark.parametrize("as_output", [False, True], ids=["plain", "Output"])
@pytest.mark.parametrize(("given", "said"), WRONG, ids=[next(iter(given)) for given, _ in WRONG])
def test_a_wrong_value_is_refused_in_the_same_words_whenever_it_is_known(deploy, given, said, as_output):
    """With the component's name, the setting, what is allowed and what to do; and the service is not deployed."""
    deployed: list[str] = []

    def wrapped(value: Any) -> Any:
        if isinstance(value, dict) and "mount_path" in value:
            return VolumeInputs(**{key: wrapped(each) for key, each in value.items()})
        if isinstance(value, dict) and "KEY" in value:
            return {key: wrapped(each) for key, each in value.items()}
        return later(value) if as_output else value

    def program() -> None:
        made = api(**{key: wrapped(value) for key, value in given.items()})
        made.instance.urn.apply(deployed.append)

    with pytest.raises(pulumi.RunError) as refused:
        deploy(program)

    assert said in str(refused.value)
    assert deployed == []


def test_a_preview_passes_with_values_that_it_does_not_know(preview):
    """Nothing is refused for being unknown; what is known is checked all the same."""

    def program(**given: Any) -> None:
        here = project()
        Service(
            "api",
            ServiceArgs(project=here, image=unknown(), variables={"URL": unknown()}, port=unknown(), **given),
        )
        Postgres("db", PostgresArgs(project=here, version=unknown(), password=unknown()))

    seen = preview(program)
    assert (INSTANCE, "api-instance") in seen
    assert (INSTANCE, "db-instance") in seen

    with pytest.raises(pulumi.RunError, match="memoryMb = 1"):
        preview(lambda: program(memory_mb=1))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"replicas": 2}, "replicas\n    allowed: a plain value, since it decides how many instances run where"),
        ({"region": "us-west2"}, "region\n"),
        ({"railway_domain": True}, "since it decides whether there is an address of Railway's own"),
        ({"tcp_port": 1}, "since it decides whether there is a TCP proxy"),
        ({"volume": {"mountPath": "/data"}}, "volume\n    allowed: a plain value, since it decides which resources"),
        ({"domains": []}, "domains\n    allowed: a plain value, since it decides which resources there are"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_an_output_where_a_value_decides_what_exists_is_refused(deploy, given, said):
    """Before anything is registered, with the reason and what to do."""
    with pytest.raises(pulumi.RunError) as refused:
        deploy(lambda: api(**{key: later(value) for key, value in given.items()}))

    assert said in str(refused.value)
    assert "read it from the configuration" in str(refused.value)


def test_a_kind_of_service_keeps_its_rule_for_outputs(deploy):
    """A worker has no schedule, whenever that is known; its type token is the worker's."""
    with pytest.raises(pulumi.RunError, match="a worker only without a cronSchedule"):
        deploy(lambda: api(kind=WorkerSettings, cron_schedule=later("0 3 * * *")))
    with pytest.raises(pulumi.RunError, match="replicas"):
        deploy(lambda: api(kind=WorkerSettings, replicas=later(2)))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("image", "https://hush"),
        ("variables.KEY", {"KEY": "${{secret(3)}} hush\n\0"}),
        ("watchPatterns", ["hush", "../hush"]),
    ],
)
def test_a_secret_that_is_refused_is_not_shown(deploy, place, value):
    """Neither the value, nor what the rule quotes of it; also a value inside of a secret group or list."""
    source = {} if place == "image" else {"repo": "a/b", "image": None}
    setting = {"variables.KEY": "variables", "watchPatterns": "watch_patterns"}.get(place, place)

    with pytest.raises(pulumi.RunError) as refused:
        deploy(lambda: api(**{**source, setting: pulumi.Output.secret(value)}))

    assert f"{place} = " in str(refused.value)
    assert "hush" not in str(refused.value)


def test_all_variables_may_be_one_output(deploy):
    """As a bucket hands them over in another language; the port is added when they are known."""
    seen = deploy(lambda: api(port=80, variables=later({"MODE": "fast"})))

    assert seen[INSTANCE, "api-instance"]["variables"] == {"MODE": "fast", "PORT": "80"}


def test_what_another_program_made_is_named_by_its_ids(deploy):
    """A service, a volume and a name in a project and a zone that this program does not make; nothing is warned of."""

    def program() -> None:
        here = ExistingProject(project_id=later("p"), environment_id=later("e"))
        zone = ExistingZone(name="example.com", zone_id=later("0" * 32))
        domains = [DomainInputs(hostname="api.example.com")]
        variables = {"URL": "${{elsewhere.URL}}"}
        args = ServiceArgs(project=here, image="api:1", port=80, zones=[zone], domains=domains, variables=variables)
        made = Service("api", args)
        Volume("files", VolumeArgs(project=here, service=made.service_id, mount_path="/data"))
        Domain(
            "name",
            DomainArgs(project=here, service=made.service_id, zone=zone, hostname="b.example.com", port=80),
        )

    seen = deploy(program)

    assert seen[INSTANCE, "api-instance"]["projectId"] == "p"
    assert seen["railway:index:Volume", "files-disk"]["serviceId"] == "api-service-id"
    assert seen["railway:index:CustomDomain", "name-domain"]["serviceId"] == "api-service-id"
    assert seen["cloudflare:index/dnsRecord:DnsRecord", "name-cname"]["zoneId"] == "0" * 32


def test_a_buckets_name_may_be_known_later(deploy):
    """Its key is named after it."""
    seen = deploy(lambda: Bucket("files", BucketArgs(name=later("shop-files"), region="sfo3", versioning=later(True))))

    assert seen["digitalocean:index/spacesKey:SpacesKey", "files-key-1"]["name"] == "shop-files-1"
    assert seen["digitalocean:index/spacesBucket:SpacesBucket", "files-space"]["versioning"] == {"enabled": True}


def database(**given: Any) -> Postgres:
    return Postgres("db", PostgresArgs(project=project(), password="x", **given))


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (lambda: api(project=None), "api has 1 problem:\n  project\n    allowed: Project or Existing"),
        (lambda: api(project="shop"), "Project or ExistingProject, and not str"),
        (lambda: api(zones="rose.example"), "a list of Zone or ExistingZone, and not str\n    fix: write it"),
        (lambda: api(uses=[database()]), "fix: give the service of Postgres, its attribute service"),
        (lambda: api(own_address="URL"), "own_address\n    allowed: a list of str, and not str"),
        (lambda: api(kind="worker"), "kind\n    allowed: a class of ServiceSettings, and not str"),
        (lambda: api(domains=[{"hostname": "a.rose.example"}]), "domains\n    allowed: DomainInputs(…), and not"),
        (lambda: api(volume={"mount_path": "/data"}), "fix: write VolumeInputs(…)"),
        (lambda: Service("api", None), "api needs ServiceArgs(…), and None was given"),  # pyright: ignore[reportArgumentType]
        (lambda: database(sealed="A"), "db has 1 problem"),
        (lambda: api(registry_password=5), "registry_password\n    allowed: str or None, and not int"),
    ],
)  # fmt: skip
def test_what_a_component_is_connected_to_is_judged_by_its_type(deploy, program, said):
    """With its name, the argument and what to write; a program without a type checker gets no traceback."""
    with pytest.raises(pulumi.RunError) as refused:
        deploy(program)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": StaticSiteSettings, "railway_domain": True, "port": 80}, "ServiceArgs has no folder, which its kind"),
        ({"registry_username": "u"}, "registryUsername and registryPassword go together: give both"),
        ({"own_address": ["URL"]}, "URL shall hold its public address, and it has none: add domains, or"),
        ({"domains": [DomainInputs(hostname="a.rose.example")], "port": 80}, "no Cloudflare zone holds a.rose.example"),
    ],
)  # fmt: skip
def test_arguments_that_contradict_each_other_are_refused_before_anything_is_made(deploy, monkeypatch, given, said):
    """An ``up`` would have made the service and its volume, and then have failed."""
    made: list[str] = []
    monkeypatch.setattr("pulumiverse_railway.Service.__init__", lambda *_, **__: made.append("a service"))

    with pytest.raises(pulumi.RunError) as refused:
        deploy(lambda: api(**given))

    assert said in str(refused.value)
    assert made == []


def test_two_services_of_a_project_have_two_names(deploy):
    """On Railway; a service that has no variables yet is one like any other."""

    def program() -> None:
        here = project()
        Service("api", ServiceArgs(project=here, image="x:1", name="web"))
        Service("site", ServiceArgs(project=here, image="x:1", name="web", variables=later(None)))

    with pytest.raises(pulumi.RunError, match="site: name must be one that no other service of the project has"):
        deploy(program)


def test_an_empty_list_is_one_that_is_not_given(deploy):
    """As an empty tuple, the default, is: the resource gets no value for it."""
    seen = deploy(lambda: api(image=None, repo="a/b", watch_patterns=[]))

    assert "watchPatterns" not in seen[INSTANCE, "api-instance"]


def test_variables_may_turn_out_to_be_none(deploy):
    """An Output without a value is a service without variables."""
    seen = deploy(lambda: api(variables=later(None)))

    assert seen[INSTANCE, "api-instance"]["variables"] == {}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "redirects with one at least"),
        (["a.example.com", "a.example.com"], "each name once"),
        (["a.other.com"], "no Cloudflare zone holds a.other.com"),
    ],
)
def test_redirects_of_a_zone_are_names_of_it_each_once(deploy, names, said):
    """A list without any would take the place of the one that somebody else made."""

    def program() -> None:
        args = [RedirectInputs(hostname=name, to="b.com") for name in names]
        zone = Zone("zone", ZoneArgs(name="example.com", id="0" * 32))
        Redirects("list", RedirectsArgs(zone=zone, redirects=args))

    with pytest.raises(pulumi.RunError, match=said):
        deploy(program)
