"""A system without Python: services that stand in the settings, alone or in the project of another system."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from stacks import class_of, declared_secrets, own_system, python_systems
from stacks.own.dependencies import dependencies_in_order
from stacks.own.expressions import expressions, literal, parts
from stacks.own.settings import OwnSettings
from stacks.problems import SettingsError
from stacks.services import services
from stacks.settings import parse

PROJECT = {"name": "voice", "environment": "staging"}
UMAMI = {
    "project": PROJECT,
    "services": {
        "umami": {"image": "umami/umami:2", "port": 3000, "secrets": ["APP_SECRET"]},
        "Postgres": {"image": "postgres:16", "secrets": ["POSTGRES_PASSWORD"]},
    },
}
ROSE = {"project": PROJECT, "environment": "development", "allowedOrigins": ["*"], "web": {"repo": "rose/rose"}}

NETIA_APP = {"repo": "netia/netia", "railwayDomain": True}


def read(**systems: Any) -> Any:
    config = {f"railyard:{name}": value for name, value in systems.items()}
    return parse({"railyard:secrets": "secrets/x.yaml", **config}, python_systems(), file="Pulumi.x.yaml")


def refused(**systems: Any) -> dict[str, str]:
    """What is wrong with systems: place in the first of them → what is said about it."""
    with pytest.raises(SettingsError) as error:
        read(**systems)
    return {_place(each.path): f"{each.allowed}: {each.fix}" for each in error.value.problems}


def _place(path: Sequence[str | int]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path[1:]).removeprefix(".")


def test_services_are_a_system_and_may_stand_in_the_project_of_another() -> None:
    """It has services and secrets as every system has, beside the one whose project it is."""
    settings = read(umami=UMAMI, rose=ROSE)

    assert list(settings.systems) == ["rose", "umami"]
    assert [each.name for each in services(settings.systems["umami"])] == ["umami", "Postgres"]
    secrets = declared_secrets(settings)["umami"]
    assert [(each.name, each.also_sets) for each in secrets] == [
        ("UMAMI_APP_SECRET", ("APP_SECRET",)), ("POSTGRES_POSTGRES_PASSWORD", ("POSTGRES_PASSWORD",)),
    ]  # fmt: skip
    assert class_of("umami").TOKEN == "railyard:systems:Umami"
    assert own_system.names_in({"railyard:umami": json.dumps(UMAMI), "railyard:rose": json.dumps(ROSE)}) == ["umami"]


SECRET = {"meaning": "a key"}
SHOP = {
    "project": PROJECT,
    "services": {
        "web": {"image": "x:1", "port": 80, "railwayDomain": True, "uses": ["api"], "secrets": ["KEY"]},
        "api": {"image": "x:1"},
    },
    "databases": {"postgres": {}, "cache": {"kind": "redis"}},
    "buckets": {"files": {"name": "shop-files", "region": "sfo3", "cdn": False}},
    "secrets": {"KEY": SECRET},
}


def shop(path: str, value: Any) -> dict[str, Any]:
    """The settings of a shop with another value at one place."""
    document = json.loads(json.dumps(SHOP))
    *groups, last = path.split(".")
    here = document
    for key in groups:
        here = here.setdefault(key, {})
    here[last] = value
    return {"shop": document}


@pytest.mark.parametrize(
    ("path", "value", "place", "said"),
    [
        ("services", {"web": None}, "services", "1 or more of them: add one"),
        ("databases", ["postgres"], "databases", "write each entry on its own line below it, as name: value"),
        ("databases.orders", {"kind": ["x"]}, "databases.orders.kind", "write kind: with one of them"),
        ("databases.postgres.kind", None, "databases.postgres.kind", "write kind: with one of them"),
        ("services.web", 1.5, "services.web", "a group of keys"),
        ("services.my web", {"image": "x:1"}, "services.my web", "correct my web"),
        ("services.web.topology", "backnd", "services.web.topology", "did you mean backend?"),
        ("services.bot", {"topology": "bot", "image": "x:1", "replicas": 2}, "services.bot.replicas", "exactly 1"),
        ("services.web.topology", "worker", "services.web", "a worker only without a public address"),
        ("services.site", {"topology": "staticSite", "image": "x:1"}, "services.site", "a public address"),
        ("services.api.folder", "public", "services.api.folder", "no such key"),
        ("buckets.more", {"kind": "railway", "region": "eu"}, "buckets.more.region", "'sjc', 'iad', 'ams' or 'sin'"),
        ("buckets.more", {"kind": "railwy", "region": "ams"}, "buckets.more.kind", "did you mean railway?"),
        ("buckets.more", {"kind": "railway", "region": "ams", "cdn": True}, "buckets.more.cdn", "no such key"),
        ("services.api.volume", {"mountPath": "/x", "size": 1}, "services.api.volume.size", "did you mean sizeGb?"),
        ("services.web.uses", ["apo"], "services.web.uses[0]", "did you mean api?"),
        ("services.web.bucket", "file", "services.web.bucket", "did you mean files?"),
        ("services.web.secrets", ["KEYS"], "services.web.secrets[0]", "did you mean KEY?"),
        ("services.web.secrets", ["OTHER"], "services.web.secrets[0]", "declare OTHER in the group secrets"),
        ("services.web.secrets", ["POSTGRES_PASSWORD"], "services.web.secrets[0]", '"${postgres.password}" below'),
        ("services.api.uses", ["web"], "services.web.uses", "web → api → web"),
        ("services.api.registryUsername", "me", "services.api", "registryUsername and registryPassword together"),
        ("databases.postgres.verson", "16", "databases.postgres.verson", "did you mean version?"),
        ("databases.orders", {}, "databases.orders.kind", "one of postgres, mysql, mongodb, redis, valkey"),
        ("databases.orders", {"kind": "mysq"}, "databases.orders.kind", "did you mean mysql?"),
        ("databases.orders", {"kind": "mysql", "user": "me"}, "databases.orders.user", "no such key"),
        ("databases.api", {"kind": "mysql"}, "databases.api.name", "services.api has this one"),
        ("databases.api", {"kind": "mysql", "name": "x"}, "databases.api", "do not share"),
        ("buckets.api", {"name": "shop-api", "region": "sfo3"}, "buckets.api", "do not share"),
        ("buckets.api", {"kind": "railway", "region": "ams"}, "buckets.api", "do not share"),
        ("buckets.more", {"name": "shop-files", "region": "ams3"}, "buckets.more.name", "shop.buckets.files has this"),
        ("buckets.self", {"name": "x-y", "region": "sfo3"}, "buckets.self", "a meaning of its own in variables"),
        ("secrets.NEW", SECRET, "secrets.NEW", "add NEW to the secrets of a service"),
        ("secrets.KEY.togetherWith", "KEY", "secrets.KEY.togetherWith", "another secret than KEY itself"),
        ("services.web.variables", {"KEY": "${api.host}"}, "services.web.variables.KEY", "comes with the secret KEY"),
        ("services.web.startCommand", "run ${postgres.url}", "services.web.startCommand", "variables of services"),
        ("project.sharedVariables", {"A": "${self.url}"}, "project.sharedVariables.A", "read that variable"),
        ("secrets.KEY.togetherWith", "KEI", "secrets.KEY.togetherWith", "did you mean KEY?"),
        ("secrets.KEY.alsoSets", {"A": "${self.host}"}, "secrets.KEY.alsoSets.A", "below variables of the services"),
        ("secrets.KEY.minBytes", "32", "secrets.KEY.minBytes", "write 32 without quotes"),
        ("secrets.KEY", {**SECRET, "minBytes": 64, "generated": {}}, "secrets.KEY", "minBytes of at most 32"),
        ("secrets.KEY", {**SECRET, "oneOf": ["a"], "generated": {}}, "secrets.KEY", "either oneOf or generated"),
        ("secrets.POSTGRES_PASSWORD", SECRET, "secrets.POSTGRES_PASSWORD", "the password of databases.postgres"),
        ("sealed", ["KEYS"], "sealed[0]", "did you mean KEY?"),
    ],
)  # fmt: skip
def test_a_key_that_means_nothing_is_told_with_its_place_and_the_nearest_one(
    path: str, value: Any, place: str, said: str
) -> None:
    """Names of parts, kinds, secrets and rules; nothing else is wrong with these settings."""
    problems = refused(**shop(path, value))

    assert list(problems) == [place]
    assert said in problems[place]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("${postgrs.url}", "did you mean postgres?"),
        ("${postgres.adress}", "postgres with one of: url, urlWithoutScheme, host, port, user, password, database"),
        ("${mysql.url}", "add mysql to the system, or write $${mysql.url} for that text itself"),
        ("x ${ postgres.url }", "correct ${ postgres.url }, or write $${ postgres.url } for that text itself"),
        ("${postgres.url:-none}", "a name, a dot and a property alone"),
        ("${self.host-name}", "a name, a dot and a property alone"),
        ("${postgres.url", "correct ${postgres.url b, or write"),
        ("${cache.hots}", "did you mean host?"),
        ("${cache.publicUrl}", "publicUrl only where cache has a port that is open to the internet"),
        ("${self.url}", "url only where the service has a public address"),
        ("${web.tcpAddress}", "tcpAddress only where web has a port that is open to the internet"),
        ("${api.port}", "port only where api has a port"),
        ("${files.cdnUrl}", "cdnUrl only where files has a CDN"),
        ("${files.secretKey}", "did you mean secretAccessKey?"),
        ("${secrets.KEYS}", "did you mean KEY?"),
    ],
)
def test_what_a_variable_cannot_name_is_told_where_it_stands(value: str, said: str) -> None:
    """A part that there is not, a property that it does not have, and one that needs another setting."""
    problems = refused(**shop("services.api.variables.X", f"a {value} b"))

    assert list(problems) == ["services.api.variables.X"]
    assert said in problems["services.api.variables.X"]


@pytest.mark.parametrize(
    ("reference", "written"),
    [
        ("postgres.PGHOST", "postgres.host"),
        ("postgres.PGPASSWORD", "postgres.password"),
        ("postgres.DATABASE_PUBLIC_URL", "postgres.publicUrl"),
        ("cache.REDIS_URL", "cache.url"),
    ],
)
def test_a_reference_to_what_only_railways_template_has_is_told_with_what_to_write(
    reference: str, written: str
) -> None:
    """Railway would fill in an empty text; a variable that the server has is left to Railway."""
    problems = refused(**shop("services.api.variables.X", f"a ${{{{{reference}}}}} b"))

    assert f"write ${{{written}}}" in problems["services.api.variables.X"]
    assert read(**shop("services.api.variables.X", "${{postgres.PGDATA}} ${{cache.REDIS_PASSWORD}} ${{web.PGHOST}}"))


def test_a_credential_in_clear_is_told_with_where_its_secret_is_declared() -> None:
    """In the group of the system, which has no file in Python."""
    problems = refused(**shop("services.api.variables.MAIL_PASSWORD", "planted-password"))

    assert "declared in railyard:shop.secrets" in problems["services.api.variables.MAIL_PASSWORD"]
    assert read(**shop("services.api.variables.MAIL_TOKEN", "Bearer ${secrets.KEY}"))


def test_a_credential_in_clear_is_told_under_the_name_that_its_secret_will_have() -> None:
    """Without a group of secrets a service's own secret has the service's name in front."""
    services = {"bot": {"image": "x:1", "variables": {"MAIL_PASSWORD": "planted-password"}}}

    fix = refused(app={"services": services})["services.bot.variables.MAIL_PASSWORD"]

    assert "store that as app.BOT_MAIL_PASSWORD" in fix
    assert "name MAIL_PASSWORD in secrets of bot" in fix


def test_a_reference_to_a_secret_of_another_part_is_no_secret_in_clear() -> None:
    """Railway fills it in; the same name with a text of its own is refused."""
    path = "services.api.variables.POSTGRES_PASSWORD"

    assert read(**shop(path, "${{postgres.POSTGRES_PASSWORD}}"))
    assert "no secret in clear" in refused(**shop(path, "planted"))[path]


def test_the_webhook_of_alerts_cannot_be_sealed() -> None:
    """Railway seals variables alone, and no service has this one: to name it had no effect."""
    settings = shop("sealed", ["ALERT_WEBHOOK"])
    settings["shop"]["alerts"] = {}

    assert "a secret of shop that is a variable: KEY" in refused(**settings)["sealed[0]"]


def test_an_expression_is_told_from_what_only_looks_like_one() -> None:
    """A dot and a name are needed; two dollar signs take the meaning away; Railway's references are its own."""
    text = "$${a.b} ${HOME} ${{ api.PORT }} ${a:-b.c} $a.b {a.b} ${ a.b }"

    assert expressions(text) == []
    assert "".join(str(each) for each in parts(text)) == text.replace("$${a.b}", "${a.b}")
    assert "".join(map(str, parts(literal("${a.b} $${c.d} ${e}")))) == "${a.b} $${c.d} ${e}"


def test_the_password_of_a_registry_is_a_secret_that_each_stack_has() -> None:
    """An optional one may not be there when Railway is to pull the image."""
    image = {"image": "ghcr.io/acme/web:1", "registryUsername": "acme", "registryPassword": "KEY"}
    settings = shop("secrets.KEY.required", False)
    settings["shop"]["services"]["web"] |= image

    assert "KEY is optional" in refused(**settings)["services.web.registryPassword"]

    settings = shop("secrets.WEB_TOKEN", {**SECRET, "required": False})
    settings["shop"]["services"]["web"] |= {**image, "registryPassword": "TOKEN"}
    assert "TOKEN is optional" in refused(**settings)["services.web.registryPassword"]
    assert read(**shop("services.web", image))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {"web": [], "api": ["postgres"], "worker": ["api"]}),
        ({"web": {"API": "${api.host}"}}, {"api": ["postgres"], "worker": ["api"], "web": ["api"]}),
        # Two that know each other's address: the first one waits.
        (
            {"web": {"API": "${api.host}"}, "api": {"WEB": "${web.url}"}},
            {"api": ["postgres"], "worker": ["api"], "web": ["api"]},
        ),
        # Railway fills a variable of the other in, which is there when that one runs.
        (
            {"web": {"API": "${api.host}", "NAME": "x"}, "api": {"WEB": "${web.url} ${{web.NAME}}"}},
            {"web": [], "api": ["postgres", "web"], "worker": ["api"]},
        ),
        ({"web": {"SELF": "${self.url} ${web.host}"}}, {"web": [], "api": ["postgres"], "worker": ["api"]}),
    ],
)
def test_the_order_of_services_follows_from_what_they_name(
    variables: dict[str, dict[str, str]], expected: dict[str, list[str]]
) -> None:
    """Databases first, then what is used, then whose address is told, unless that would close a circle."""
    services = {
        "web": {"image": "x:1", "port": 80, "railwayDomain": True},
        "api": {"image": "x:1", "variables": {"DB": "${postgres.url}"}},
        "worker": {"image": "x:1", "topology": "worker", "uses": ["api"]},
    }
    for name, each in variables.items():
        services[name]["variables"] = {**services[name].get("variables", {}), **each}

    settings = read(shop={"project": PROJECT, "services": services, "databases": {"postgres": {}}}).systems["shop"]

    waiting = dependencies_in_order(settings)
    assert {name: sorted(after) for name, after in waiting.items()} == expected
    made = list(waiting)
    assert all(
        made.index(other) < made.index(name) for name, after in waiting.items() for other in after if other in made
    )


@pytest.mark.parametrize(
    ("first", "second", "at", "fix"),
    [
        ({"plan": "pro"}, None, "{other}", "remove it, or write the same in umami.railway"),
        (None, {"plan": "pro"}, "umami", "remove it, or write the same in {other}.railway"),
        ({"plan": "pro"}, {"plan": "hobby"}, "umami", "write the same as in {other}.railway"),
    ],
)
@pytest.mark.parametrize(
    ("other", "settings"), [("rose", ROSE), ("extra", {"project": PROJECT, "services": {"web": {"image": "x:1"}}})]
)
def test_systems_of_one_project_have_one_account(
    first: Any, second: Any, at: str, fix: str, other: str, settings: dict[str, Any]
) -> None:
    """One problem at the system that has the account which the other one lacks, with a fix that can be done there."""
    systems = {other: settings | {"railway": first}, "umami": UMAMI | {"railway": second}}

    with pytest.raises(SettingsError) as error:
        read(**{name: {key: value for key, value in each.items() if value} for name, each in systems.items()})

    assert [(each.path, each.fix) for each in error.value.problems] == [
        ((at.format(other=other), "railway"), fix.format(other=other))
    ]


def test_a_stack_leaves_out_what_all_stacks_share_by_null() -> None:
    """A database, a secret and a variable of the shared file that this stack does not have."""
    null: dict[str, Any] = {
        "services": {"api": {"variables": {"URL": None}}},
        "databases": {"cache": None},
        "secrets": {"MAIL": None},
    }
    shared = json.loads(json.dumps(SHOP))
    shared["services"]["api"]["variables"] = {"URL": "${cache.url}", "KEY": "${secrets.MAIL}"}
    shared["secrets"]["MAIL"] = SECRET
    null["services"]["api"]["variables"]["KEY"] = None
    defaults = yaml.safe_dump({"config": {"railyard:shop": shared}})

    settings = parse({"railyard:shop": null}, python_systems(), file="Pulumi.x.yaml", defaults=defaults).systems["shop"]

    assert isinstance(settings, OwnSettings)
    assert (list(settings.databases), list(settings.secrets)) == (["postgres"], ["KEY"])
    assert settings.services["api"].variables == {}


@pytest.mark.parametrize(
    ("systems", "said"),
    [
        ({"rose": ROSE, "rose-extra": UMAMI}, "a name that begins no other, as rose does"),
        ({"umami": UMAMI | {"services": {}}}, "umami.services"),
        ({"umami": UMAMI | {"services": {"a b": {"image": "x:1"}}}}, "letters, digits, dots, hyphens"),
        ({"umami": UMAMI | {"services": {"web": {"image": "x:1", "prot": 1}}}}, "did you mean port?"),
        ({"umami": {"project": PROJECT}}, "no such key in the stack"),
        ({"umami": {"service": UMAMI["services"]}}, "write services in place of service"),
        ({"rose": ROSE, "umami": UMAMI | {"LOG_LEVEL": "x"}}, "write it in variables of a service"),
        ({"umami": UMAMI | {"services": {"web": {"image": "x:1", "env": {}}}}}, "did you mean variables?"),
        ({"umami": UMAMI | {"services": {"web": {"image": "x:1", "LOG_LEVEL": "x"}}}}, "write it in variables"),
        ({"rose": ROSE, "umami": {"databases": {"postgres": {}}}}, "add services to it, here or in defaults.yaml"),
        ({"rose": ROSE, "a_b": UMAMI}, "allowed: lower case letters, digits and hyphens"),
        ({"rose": ROSE, "netia": {"project": PROJECT, "app": NETIA_APP}}, "a project of its own"),
        ({"rose": ROSE, "umami": UMAMI | {"services": {"web": {"image": "x:1"}}}}, "web is one of rose"),
        ({"rose": ROSE, "umami": UMAMI | {"project": PROJECT | {"environment": "x"}}}, "the same as in rose.project"),
    ],
)
def test_what_is_wrong_with_one_is_told_as_of_every_system(systems: dict[str, Any], said: str) -> None:
    """With its place and what to do; and a name that is a beginning of another one would mix up their resources."""
    with pytest.raises(SettingsError) as refused:
        read(**systems)

    assert said in str(refused.value)


def test_a_secret_belongs_to_one_part_alone() -> None:
    """Names that differ in signs alone would have one password, or one key, in the SOPS file."""
    databases = shop("databases", {"orders-1": {"kind": "mysql"}, "orders.1": {"kind": "postgres"}})
    services = {name: {"image": "x:1", "secrets": ["TOKEN"]} for name in ("a-b", "a.b")}

    assert "ORDERS_1_PASSWORD is one of databases.orders-1 already" in refused(**databases)["databases.orders.1"]
    assert "A_B_TOKEN is one of services.a-b already" in refused(app={"services": services})["services.a.b"]
    pulled = {"image": "x:1", "registryUsername": "me", "registryPassword": "TOKEN"}
    assert "A_B_TOKEN is one of" in refused(app={"services": {"a-b": pulled, "a.b": pulled}})["services.a.b"]


def test_the_password_of_a_database_is_none_of_a_registry() -> None:
    """The advice for a variable would not help: the registry's password is not one."""
    pulled = {"image": "x:1", "registryUsername": "me", "registryPassword": "POSTGRES_PASSWORD"}
    problems = refused(app={"services": {"web": pulled}, "databases": {"postgres": {}}})
    assert problems["services.web.registryPassword"].endswith("is that of databases.postgres: give it another name")
