"""Bucket, PostgreSQL and Redis: safe by default, with addresses that work."""

from __future__ import annotations

import shlex
import subprocess
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.bucket import Bucket, BucketArgs, BucketSettings, CorsRule, LifecycleRule
from components.existing import ExistingZone
from components.from_settings import inputs_of
from components.mongodb import Mongodb, MongodbSettings
from components.mysql import Mysql, MysqlArgs, MysqlSettings
from components.postgres import Postgres, PostgresArgs, PostgresSettings
from components.project import Project, ProjectArgs
from components.railway_bucket import RailwayBucket, RailwayBucketArgs, RailwayBucketSettings
from components.redis import Redis, RedisArgs, RedisSettings
from components.service import Service, ServiceArgs
from components.service_kind import ServiceSettings
from components.volume import VolumeSettings
from components.zone import Zone, ZoneArgs

INSTANCE = "railway:index:ServiceInstance"
BUCKET = BucketSettings(name="shop-files", region="sfo3")


def bucket(**changes: Any) -> Bucket:
    """Make the bucket with other settings."""
    return Bucket("shop-bucket", BucketArgs(**inputs_of(BUCKET.model_copy(update=changes))))


def project() -> Project:
    return Project("shop", ProjectArgs(name="shop-test", environment="test"))


def test_a_bucket_is_private_and_its_key_opens_nothing_else(deploy):
    """Private access, and one grant for this bucket."""
    seen = deploy(bucket)

    assert seen["digitalocean:index/spacesBucket:SpacesBucket", "shop-bucket-space"]["acl"] == "private"
    assert seen["digitalocean:index/spacesKey:SpacesKey", "shop-bucket-key-1"]["grants"] == [
        {"bucket": "shop-files", "permission": "readwrite"}
    ]


CORS = "digitalocean:index/spacesBucketCorsConfiguration:SpacesBucketCorsConfiguration"
OWN = ("https://shop.example.com",)


@pytest.mark.parametrize(
    ("cors", "origins", "allowed"),
    [
        (CorsRule(), OWN, ["https://shop.example.com"]),
        (CorsRule(), (), None),
        (CorsRule(origins=("https://other.example",)), OWN, ["https://other.example"]),
        (None, OWN, None),
    ],
)
def test_browsers_may_use_a_bucket_from_the_systems_own_pages(deploy, cors, origins, allowed):
    """Others only where the settings name them; no rule where there is nobody."""
    seen = deploy(lambda: bucket(cors=cors).allow(origins))

    rules = seen.get((CORS, "shop-bucket-cors"), {}).get("corsRules")
    assert (rules and rules[0]["allowedOrigins"]) == allowed


def test_a_lifecycle_is_data(deploy):
    """Each rule becomes what DigitalOcean calls it; a bucket without rules has none."""
    rules = (
        LifecycleRule(prefix="tmp/", expiration_days=7, abort_incomplete_upload_days=1),
        LifecycleRule(noncurrent_expiration_days=30),
    )

    seen = deploy(lambda: bucket(versioning=True, lifecycle=rules))
    plain = deploy(bucket)

    space = seen["digitalocean:index/spacesBucket:SpacesBucket", "shop-bucket-space"]
    assert space["versioning"] == {"enabled": True}
    assert space["lifecycleRules"] == [
        {
            "id": "rule-1",
            "enabled": True,
            "prefix": "tmp/",
            "expiration": {"days": 7},
            "abortIncompleteMultipartUploadDays": 1,
        },
        {"id": "rule-2", "enabled": True, "noncurrentVersionExpiration": {"days": 30}},
    ]
    assert "lifecycleRules" not in plain["digitalocean:index/spacesBucket:SpacesBucket", "shop-bucket-space"]


def test_the_own_name_of_a_cdn_has_its_record_and_certificate(deploy):
    """DNS only: DigitalOcean's CDN is behind Cloudflare itself."""
    args = BUCKET.model_copy(update={"cdn_domain": "cdn.example.com"})
    zone = ZoneArgs(name="example.com", id="0" * 32)

    seen = deploy(lambda: Bucket("b", BucketArgs(**inputs_of(args), zone=Zone("z", zone))))

    cdn = seen["digitalocean:index/cdn:Cdn", "b-cdn"]
    assert (cdn["customDomain"], cdn["certificateName"]) == ("cdn.example.com", "needs-cloudflare-cert")
    record = seen["cloudflare:index/dnsRecord:DnsRecord", "b-cdn-cname"]
    assert (record["name"], record["content"], record["proxied"]) == (
        "cdn.example.com",
        "files.sfo3.cdn.digitaloceanspaces.com",
        False,
    )


def test_a_cdns_own_name_outside_of_its_zone_is_refused_before_anything_is_made(preview):
    """Cloudflare would take the name for one below the zone, to which no visitor comes."""
    seen: dict[Any, Any] = {}
    zone = ExistingZone(name="example.com", zone_id="0" * 32)
    args = BUCKET.model_copy(update={"cdn_domain": "cdn.other.com"})

    with pytest.raises(pulumi.RunError, match=r"no Cloudflare zone holds cdn.other.com: the zones given are example"):
        seen.update(preview(lambda: Bucket("b", BucketArgs(**inputs_of(args), zone=zone))))
    with pytest.raises(pulumi.RunError, match=r"b: cdn.other.com needs the zone that holds it"):
        seen.update(preview(lambda: Bucket("b", BucketArgs(**inputs_of(args)))))

    assert seen == {}


def test_nothing_ever_empties_a_bucket(deploy):
    """The one property that would is not even sent."""
    seen = deploy(bucket)

    assert "forceDestroy" not in seen["digitalocean:index/spacesBucket:SpacesBucket", "shop-bucket-space"]


def test_a_bucket_without_cdn_has_no_endpoint(deploy):
    """The CDN is a choice."""
    seen = deploy(lambda: bucket(cdn=False))

    assert [kind for kind, _ in seen if "cdn" in kind] == []


def test_a_database_address_holds_the_password_percent_encoded_and_secret(deploy):
    """Any password makes a valid address, and the address is a secret."""
    found: list[tuple[str, bool]] = []

    def program() -> None:
        database = Postgres("shop-postgres", PostgresArgs(project=project(), password="p@ss/word"))
        url = database.url(scheme="postgresql+asyncpg", query="?sslmode=require")
        pulumi.Output.all(url, url.is_secret()).apply(lambda pair: found.append((pair[0], pair[1])))

    deploy(program)

    assert found == [
        ("postgresql+asyncpg://postgres:p%40ss%2Fword@postgres.railway.internal:5432/railway?sslmode=require", True)
    ]


def test_a_database_keeps_its_data_below_the_mount(deploy):
    """PostgreSQL refuses a data folder that is the root of a disk."""
    seen = deploy(lambda: Postgres("shop-postgres", PostgresArgs(project=project(), password="secret")))

    variables = seen[INSTANCE, "shop-postgres-instance"]["variables"]
    assert variables["PGDATA"].startswith(seen["railway:index:Volume", "shop-postgres-volume-disk"]["mountPath"] + "/")


def test_redis_with_a_password_asks_for_it(deploy):
    """The command needs a shell to see the password, and the address holds it."""
    seen = deploy(lambda: Redis("shop-redis", RedisArgs(project=project(), password="secret")))

    instance = seen[INSTANCE, "shop-redis-instance"]
    assert shlex.split(instance["startCommand"]) == [
        "/bin/sh", "-c", 'exec redis-server --requirepass "$REDIS_PASSWORD"',
    ]  # fmt: skip


@pytest.mark.parametrize("image", ["redis:8", "valkey/valkey:8", "ghcr.io/valkey/redis:8", "eqalpha/keydb:latest"])
def test_any_password_reaches_a_server_of_the_redis_protocol_whole(deploy, tmp_path, image):
    """A shell that runs the command starts the image's server with the password as one word, blanks included."""
    seen = deploy(lambda: Redis("shop-redis", RedisArgs(project=project(), password="two  words * $1", image=image)))

    server = {"valkey": "valkey-server", "keydb": "keydb-server"}.get(
        image.split("/")[-1].split(":")[0], "redis-server"
    )
    (tmp_path / server).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    (tmp_path / server).chmod(0o755)
    instance = seen[INSTANCE, "shop-redis-instance"]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", **instance["variables"]}
    command = shlex.split(instance["startCommand"])
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines() == ["--requirepass", "two  words * $1"]


@pytest.mark.parametrize(
    ("image", "program"),
    [
        ("registry.acme.io/valkey/server:8", "valkey-server"),
        ("acme/server:valkey-8", "valkey-server"),
        ("ghcr.io/valkey/redis:8", "redis-server"),
        ("acme/server:8", "redis-server"),
    ],
)
def test_an_image_whose_last_part_names_no_server_is_known_by_the_rest(deploy, image, program):
    """A mirror has the name of the server in a folder or in the tag."""
    seen = deploy(lambda: Redis("shop-redis", RedisArgs(project=project(), size_gb=1, image=image)))

    assert seen[INSTANCE, "shop-redis-instance"]["startCommand"].startswith(f"{program} --appendonly yes ")


def test_an_empty_password_is_none(deploy):
    """Redis would let everybody in: the command asks for none, and the address has none."""
    found: list[str] = []

    def program() -> None:
        Redis("shop-redis", RedisArgs(project=project(), password="")).url.apply(found.append)

    seen = deploy(program)

    instance = seen[INSTANCE, "shop-redis-instance"]
    assert (instance.get("startCommand"), instance["variables"]) == (None, {})
    assert found == ["redis://redis.railway.internal:6379"]


@pytest.mark.parametrize("kind", [Postgres, Redis])
def test_a_password_that_turns_out_to_be_empty_fails_the_run(deploy, kind):
    """Before the server is deployed: Redis would start without a password, PostgreSQL not at all."""

    def program() -> None:
        kind("shop-db", kind.ARGS(project=project(), password=pulumi.Output.from_input("")))

    with pytest.raises(pulumi.RunError, match="password\n    allowed: a password that is not empty"):
        deploy(program)


@pytest.mark.parametrize(
    ("image", "program"),
    [
        ("mariadb:11", "mariadbd"),
        ("mariadb:10", "mariadbd"),
        ("mariadb:10.11.2-jammy", "mariadbd"),
        ("mariadb:10.5", "mariadbd"),
        ("mariadb:lts", "mariadbd"),
        ("registry.acme.io:5000/mariadb@sha256:" + "5" * 64, "mariadbd"),
        ("mariadb:10.3", "mysqld"),
        ("mirror.acme.io/library/mariadb:10.4.34-focal", "mysqld"),
        ("mariadb:5", "mysqld"),
        ("acme/mysql-for-mariadb:1", "mysqld"),
        ("mysql:9.4", "mysqld"),
        (None, "mysqld"),
    ],
)
def test_a_server_of_mysql_is_started_by_the_program_that_its_image_has(deploy, image, program):
    """MariaDB 11 has no program of the old name, and MariaDB 10.4 none of the new one."""
    seen = deploy(lambda: Mysql("shop-db", MysqlArgs(project=project(), password="p", image=image)))

    assert seen[INSTANCE, "shop-db-instance"]["startCommand"].startswith(f"docker-entrypoint.sh {program} ")


def test_a_cache_without_password_and_volume_runs_as_its_image_says(deploy):
    """Nothing is started differently without a reason."""
    seen = deploy(lambda: Redis("shop-valkey", RedisArgs(image="valkey/valkey:8", project=project())))

    assert seen[INSTANCE, "shop-valkey-instance"].get("startCommand") is None


KINDS = [
    (Postgres, PostgresSettings(), "postgresql://postgres:p%40ss@postgres.railway.internal:5432/railway"),
    (Mysql, MysqlSettings(), "mysql://root:p%40ss@mysql.railway.internal:3306/railway"),
    (Mongodb, MongodbSettings(), "mongodb://mongo:p%40ss@mongodb.railway.internal:27017/railway?authSource=admin"),
    (Redis, RedisSettings(size_gb=5), "redis://default:p%40ss@redis.railway.internal:6379/0"),
]


@pytest.mark.parametrize(("kind", "args", "address"), KINDS, ids=[kind.__name__ for kind, *_ in KINDS])
def test_every_database_has_the_same_settings(deploy, kind, args, address):
    """Region, image, limits, volume with its backups, a port to the outside: a kind declares what is its own alone."""
    found: list[str] = []
    given = {"region": "us-east4-eqdc4a", "memory_mb": 1024, "image": "registry.example.com/our-db:1"}
    changed = args.model_copy(update={**given, "backups": ("weekly",), "tcp_port": args.SERVER.port})

    def program() -> None:
        made = kind("shop-db", kind.ARGS(**inputs_of(changed), project=project(), password="p@ss"))
        address = made.url if isinstance(made.url, pulumi.Output) else made.url()
        address.apply(found.append)
        made.public_connection_url().apply(found.append)

    seen = deploy(program)

    instance, disk = seen[INSTANCE, "shop-db-instance"], seen["railway:index:Volume", "shop-db-volume-disk"]
    assert (instance["image"], instance["regions"], instance["memoryMb"]) == (
        given["image"],
        {"us-east4-eqdc4a": 1.0},
        1024,
    )
    assert instance["variables"][args.SERVER.password_variable] == "p@ss"
    assert (disk["mountPath"], disk["sizeMb"], disk["backupSchedules"]) == (args.SERVER.mount_path, 5000, ["WEEKLY"])
    assert seen["railway:index:TcpProxy", "shop-db-tcp-proxy"]["applicationPort"] == args.SERVER.port
    assert seen["railway:index:Service", "shop-db-service"]["name"] == args.SERVER.service_name
    assert address in found


@pytest.mark.parametrize("kind", [PostgresSettings, MysqlSettings, MongodbSettings, RedisSettings])
def test_data_is_backed_up_unless_somebody_says_otherwise(kind):
    """A volume has a daily schedule; schedules without a volume, and another port to the outside, are refused."""
    mounted = {"mount_path": kind.SERVER.mount_path, "size_gb": 1}
    assert kind(size_gb=1).volume == VolumeSettings(**mounted, backups=("daily",), usage_alerts=(80,))
    assert kind(size_gb=1, backups=()).volume.backups == ()
    with pytest.raises(ValidationError, match=f"listens, {kind.SERVER.port}, not 80: set it to {kind.SERVER.port}"):
        kind(tcp_port=80)


def test_a_database_is_updated_in_windows(deploy):
    """As any service that runs an image; windows alone are refused."""
    given = {"sizeGb": 1, "autoUpdates": "minor", "autoUpdateWindows": ["SUN 2-6"]}

    settings = PostgresSettings.model_validate(given)
    seen = deploy(lambda: Postgres("shop-db", PostgresArgs(**inputs_of(settings), project=project(), password="p")))

    instance = seen["railway:index:ServiceInstance", "shop-db-instance"]
    assert (instance["autoUpdates"], instance["autoUpdateWindows"]) == ("minor", ["SUN 2-6"])
    with pytest.raises(ValidationError, match="autoUpdateWindows needs autoUpdates"):
        PostgresSettings.model_validate({**given, "autoUpdates": None})


def test_a_database_has_a_name_of_its_own_in_the_settings(deploy):
    """It outweighs the program's, and its host follows."""
    args = PostgresSettings.model_validate({"sizeGb": 1, "name": "orders"})

    seen = deploy(lambda: Postgres("shop-db", PostgresArgs(**inputs_of(args), project=project(), password="p")))

    assert seen["railway:index:Service", "shop-db-service"]["name"] == "orders"


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        (PostgresSettings, "mysql:9"),
        (PostgresSettings, "docker.io/library/mongo:8@sha256:" + "0" * 64),
        (MysqlSettings, "ghcr.io/railwayapp-templates/postgres-ssl:17"),
        (MongodbSettings, "redis:8"),
        (RedisSettings, "mariadb:11"),
    ],
)
def test_an_image_of_another_kind_of_server_is_refused(kind, image):
    """It would start with the variables and the volume of the wrong one."""
    with pytest.raises(ValidationError, match=f"an image of {kind.SERVER.title}, and {image} is one of"):
        kind(image=image, size_gb=1)


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        (PostgresSettings, "pgvector/pgvector:pg17"),
        (PostgresSettings, "acme/our-database:3"),
        (MysqlSettings, "mariadb:11"),
        (MysqlSettings, "percona/percona-server:8.4"),
        (MongodbSettings, "percona/percona-server-mongodb:8.0"),
        (RedisSettings, "valkey/valkey:8"),
    ],
)
def test_images_that_may_be_of_the_kind_are_taken(kind, image):
    """Forks and extensions, and one whose name says nothing."""
    assert kind(image=image, size_gb=1).server_image == image


def test_backups_of_a_cache_are_refused():
    """There is nothing of which they could be made."""
    with pytest.raises(ValidationError, match="backups only with a volume, which they are about: add sizeGb"):
        RedisSettings(backups=("daily",))
    with pytest.raises(ValidationError, match="usageAlerts only with a volume, which they are about: add sizeGb"):
        RedisSettings(usage_alerts=(80,))


def test_two_databases_of_a_kind_have_names_of_their_own(deploy):
    """The name of the service is a choice; its host follows."""
    found: list[str] = []

    def program() -> None:
        here = project()
        Postgres("shop-postgres", PostgresArgs(project=here, password="p"))
        second = Postgres("shop-reports", PostgresArgs(project=here, password="p", name="reports"))
        second.url().apply(found.append)

    seen = deploy(program)

    assert seen["railway:index:Service", "shop-reports-service"]["name"] == "reports"
    assert found == ["postgresql://postgres:p@reports.railway.internal:5432/railway"]


@pytest.mark.parametrize("kind", [Postgres, Mysql, Mongodb])
@pytest.mark.parametrize("password", [None, ""])
def test_a_server_that_would_not_start_without_a_password_is_refused(preview, kind, password):
    """At preview, by the name of its component and the key that is missing; nothing is registered."""
    seen: dict[Any, Any] = {}

    def program() -> None:
        kind("shop-db", kind.ARGS(project=project(), password=password))

    with pytest.raises(pulumi.RunError) as refused:
        seen.update(preview(program))

    assert "shop-db has 1 problem:\n  password\n    allowed: a password, without which" in str(refused.value)
    assert seen == {}


@pytest.mark.parametrize("by", ["uses", "reference"])
def test_an_app_apart_from_its_database_is_told(deploy, monkeypatch, by):
    """Whether it is wired to it or names it in a variable; an app that also runs in the database's region is not."""
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)

    def program(regions: dict[str, int]) -> None:
        here = project()
        database = Postgres("shop-db", PostgresArgs(region="us-east4-eqdc4a", project=here, password="p"))
        variables = {"HOST": "${{postgres.RAILWAY_PRIVATE_DOMAIN}}"} if by == "reference" else {}
        args = ServiceSettings.model_validate({"image": "api:1", "regions": regions, "variables": variables})
        uses = [database.service] if by == "uses" else []
        Service("shop-api", ServiceArgs(**inputs_of(args), project=here, name="api", uses=uses))

    deploy(lambda: program({"us-west2": 1, "us-east4-eqdc4a": 1}))
    assert said == []
    deploy(lambda: program({"us-west2": 1}))
    assert said == [
        "shop-api: it runs in us-west2, and postgres, which it uses, in us-east4-eqdc4a: each question crosses the "
        "distance between them, so set the region of one of them to that of the other"
    ]


def test_a_bucket_of_railways_own_has_the_name_of_its_key(deploy):
    """In a region that Railway has; a service gets of it the variables that S3 clients read."""

    def program() -> None:
        made = project()
        bucket = RailwayBucket("shop-files", RailwayBucketArgs(region="ams", project=made, name="files"))
        Service("shop-web", ServiceArgs(image="web:1", project=made, name="web", variables=bucket.variables))

    seen = deploy(program)

    bucket = seen["railway:index:Bucket", "shop-files-store"]
    assert (bucket["name"], bucket["region"]) == ("files", "ams")
    assert seen[INSTANCE, "shop-web-instance"]["variables"].keys() == {
        "AWS_S3_BUCKET_NAME", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    }  # fmt: skip
    with pytest.raises(ValidationError, match="'sjc', 'iad', 'ams' or 'sin'"):
        RailwayBucketSettings.model_validate({"region": "eu"})
