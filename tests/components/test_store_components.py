"""Bucket, PostgreSQL and Redis: safe by default, with addresses that work."""

from __future__ import annotations

import pulumi

from components.bucket import Bucket, BucketArgs, CorsRule
from components.postgres import Postgres, PostgresArgs
from components.project import Project, ProjectArgs
from components.redis import Redis, RedisArgs

INSTANCE = "railway:index:ServiceInstance"
BUCKET = BucketArgs(name="shop-files", region="sfo3")


def project() -> Project:
    return Project("shop", ProjectArgs(name="shop-test", environment="test"))


def test_a_bucket_is_private_and_its_key_opens_nothing_else(deploy):
    """Private access, and one grant for this bucket."""
    seen = deploy(lambda: Bucket("shop-bucket", BUCKET))

    assert seen["digitalocean:index/spacesBucket:SpacesBucket", "shop-bucket-space"]["acl"] == "private"
    assert seen["digitalocean:index/spacesKey:SpacesKey", "shop-bucket-key"]["grants"] == [
        {"bucket": "shop-files", "permission": "readwrite"}
    ]


def test_browsers_may_use_a_bucket_only_from_the_origins_given(deploy):
    """No rule without origins; with them, exactly these."""
    without = deploy(lambda: Bucket("shop-bucket", BUCKET))
    rule = CorsRule(origins=("https://example.com",))
    with_rule = deploy(lambda: Bucket("shop-bucket", BUCKET.model_copy(update={"cors": rule})))

    kind = "digitalocean:index/spacesBucketCorsConfiguration:SpacesBucketCorsConfiguration"
    assert (kind, "shop-bucket-cors") not in without
    assert with_rule[kind, "shop-bucket-cors"]["corsRules"][0]["allowedOrigins"] == ["https://example.com"]


def test_a_bucket_without_cdn_has_no_endpoint(deploy):
    """The CDN is a choice."""
    seen = deploy(lambda: Bucket("shop-bucket", BUCKET.model_copy(update={"cdn": False})))

    assert [kind for kind, _ in seen if "cdn" in kind] == []


def test_a_database_address_holds_the_password_percent_encoded_and_secret(deploy):
    """Any password makes a valid address, and the address is a secret."""
    found: list[tuple[str, bool]] = []

    def program() -> None:
        database = Postgres("shop-postgres", PostgresArgs(), project=project(), password="p@ss/word")
        url = database.url(scheme="postgresql+asyncpg", query="?sslmode=require")
        pulumi.Output.all(url, url.is_secret()).apply(lambda pair: found.append((pair[0], pair[1])))

    deploy(program)

    assert found == [
        ("postgresql+asyncpg://postgres:p%40ss%2Fword@postgres.railway.internal:5432/railway?sslmode=require", True)
    ]


def test_a_database_keeps_its_data_below_the_mount(deploy):
    """PostgreSQL refuses a data folder that is the root of a disk."""
    seen = deploy(lambda: Postgres("shop-postgres", PostgresArgs(), project=project(), password="secret"))

    variables = seen[INSTANCE, "shop-postgres-instance"]["variables"]
    assert variables["PGDATA"].startswith(seen["railway:index:Volume", "shop-postgres-volume-disk"]["mountPath"] + "/")


def test_redis_with_a_password_asks_for_it(deploy):
    """The command needs a shell to see the password, and the address holds it."""
    seen = deploy(lambda: Redis("shop-redis", RedisArgs(), project=project(), password="secret"))

    instance = seen[INSTANCE, "shop-redis-instance"]
    assert instance["startCommand"] == '/bin/sh -c "exec redis-server --requirepass $REDIS_PASSWORD"'


def test_a_cache_without_password_and_volume_runs_as_its_image_says(deploy):
    """Nothing is started differently without a reason."""
    seen = deploy(lambda: Redis("shop-valkey", RedisArgs(image="valkey/valkey:8"), project=project()))

    assert seen[INSTANCE, "shop-valkey-instance"].get("startCommand") is None
