"""A Railway service: what reaches its resources."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.bucket import Bucket, BucketArgs
from components.domain import DomainSettings
from components.from_settings import inputs_of
from components.project import Project, ProjectArgs, ProjectSettings
from components.service import Service, ServiceArgs
from components.service_kind import ServiceSettings
from components.volume import VolumeSettings
from components.zone import Zone, ZoneArgs

INSTANCE = "railway:index:ServiceInstance"


def project() -> Project:
    return Project("shop", ProjectArgs(name="shop-test", environment="test"))


def api(settings: ServiceSettings, **given: Any) -> Service:
    """Make the service of these settings."""
    return Service("shop-api", ServiceArgs(**inputs_of(settings), **{"project": project(), "name": "api", **given}))


def zone() -> Zone:
    return Zone("shop-zone", ZoneArgs(name="example.com", id="0" * 32))


def test_an_image_with_a_port_listens_there(deploy):
    """The port becomes the PORT variable, beside the variables of the arguments."""
    args = ServiceSettings(image="api:1", port=9000, variables={"MODE": "fast"})

    seen = deploy(lambda: api(args))

    assert seen[INSTANCE, "shop-api-instance"]["variables"] == {"MODE": "fast", "PORT": "9000"}


def test_a_private_service_has_no_address(deploy):
    """Nothing is exposed to the internet unless it is asked for."""
    seen = deploy(lambda: Service("shop-api", ServiceArgs(image="api:1", project=project(), name="api")))

    assert [kind for kind, _ in seen if kind in {"railway:index:CustomDomain", "railway:index:ServiceDomain"}] == []


def test_a_repository_is_deployed_from_its_main_branch(deploy):
    """Without a branch, main; the image stays unset."""
    seen = deploy(lambda: Service("shop-api", ServiceArgs(repo="shop/api", project=project(), name="api")))

    instance = seen[INSTANCE, "shop-api-instance"]
    assert (instance["repo"], instance["branch"], instance.get("image")) == ("shop/api", "main", None)


def test_replicas_are_sent_with_their_region(deploy):
    """Railway forgets what is not sent: region and replicas always go together."""
    args = ServiceSettings(image="api:1", replicas=3, region="europe-west4-drams3a")

    seen = deploy(lambda: api(args))

    assert seen[INSTANCE, "shop-api-instance"]["regions"] == {"europe-west4-drams3a": 3.0}


def test_a_service_runs_in_several_regions(deploy):
    """Each with its own number of instances; the shorthand of one region and the plural exclude each other."""
    args = ServiceSettings(image="api:1", regions={"us-west2": 2, "europe-west4-drams3a": 1})

    seen = deploy(lambda: api(args))

    assert seen[INSTANCE, "shop-api-instance"]["regions"] == {"us-west2": 2.0, "europe-west4-drams3a": 1.0}
    with pytest.raises(ValidationError, match="either regions, which holds the replicas of each region, or replicas"):
        ServiceSettings(image="api:1", regions={"us-west2": 2}, replicas=2)
    volume = VolumeSettings(mount_path="/data")
    with pytest.raises(ValidationError, match="1 replica with a volume"):
        ServiceSettings(image="api:1", regions={"us-west2": 1, "us-east4-eqdc4a": 1}, volume=volume)


def test_each_domain_may_lead_to_a_port_of_its_own(deploy):
    """The service's port is that of those that name none; without it each has to name one."""
    domains = (DomainSettings(hostname="api.example.com"), DomainSettings(hostname="admin.example.com", port=9001))
    args = ServiceSettings(image="api:1", port=9000, domains=domains, railway_domain=True, railway_domain_port=9002)

    seen = deploy(lambda: api(args, zones=[zone()]))

    custom = "railway:index:CustomDomain"
    assert seen[custom, "shop-api-api.example.com-domain"]["targetPort"] == 9000
    assert seen[custom, "shop-api-admin.example.com-domain"]["targetPort"] == 9001
    assert seen["railway:index:ServiceDomain", "shop-api-railway-domain"]["targetPort"] == 9002
    assert ServiceSettings(image="api:1", domains=domains[1:]).port is None
    with pytest.raises(ValidationError, match="a domain only with the port that it leads to"):
        ServiceSettings(image="api:1", domains=domains)


def test_the_first_domain_is_the_address(deploy):
    """A variable that holds the own address gets the first public domain, and the domain leads to the port."""
    args = ServiceSettings(image="api:1", port=9000, domains=(DomainSettings(hostname="api.example.com"),))

    seen = deploy(
        lambda: Service(
            "shop-api",
            ServiceArgs(**inputs_of(args), project=project(), name="api", zones=[zone()], own_address=["PUBLIC_URL"]),
        )
    )

    assert seen[INSTANCE, "shop-api-instance"]["variables"]["PUBLIC_URL"] == "https://api.example.com"
    assert seen["railway:index:CustomDomain", "shop-api-api.example.com-domain"]["targetPort"] == 9000


def test_a_railway_domain_is_the_address_of_a_service_without_its_own(deploy):
    """The address that Railway generated reaches the service's variables in the same run."""
    args = ServiceSettings(image="api:1", port=9000, railway_domain=True)

    seen = deploy(lambda: api(args, own_address=["PUBLIC_URL"]))

    assert (
        seen[INSTANCE, "shop-api-instance"]["variables"]["PUBLIC_URL"]
        == "https://shop-api-railway-domain.up.railway.app"
    )


def test_a_cdn_stands_before_the_address(deploy):
    """As its settings say, and as Railway sets it up where they are silent. A service without an address has none."""
    settings = {"image": "api:1", "port": 80, "railwayDomain": True}
    args = ServiceSettings.model_validate({**settings, "cdn": {"htmlCaching": "never"}})

    seen = deploy(lambda: api(args))

    made = seen["railway:index:ServiceCdn", "shop-api-cdn"]
    assert (made["htmlCaching"], made["defaultTtlSeconds"], made["purgeOnDeploy"]) == ("never", 7200, "HTML")
    with pytest.raises(ValidationError, match="cdn only with a public address"):
        ServiceSettings.model_validate({**settings, "railwayDomain": False, "cdn": {}})


def test_a_cdn_behind_cloudflares_proxy_is_told(deploy, monkeypatch):
    """Two caches would answer, and a deployment empties one of them alone."""
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    domains = [{"hostname": "api.example.com", "proxied": True}]
    args = ServiceSettings.model_validate({"image": "api:1", "port": 80, "domains": domains, "cdn": {}})

    deploy(lambda: api(args, zones=[zone()]))

    assert ["api.example.com has Cloudflare's proxy before Railway's CDN" in text for text in said] == [True]


def test_tracing_is_a_setting_of_the_service_and_of_the_project(deploy):
    """It changes no instance, so that nothing is deployed for it."""
    args = ServiceSettings.model_validate({"image": "api:1", "tracingEnabled": False})
    traced = {"name": "shop-test", "environment": "test", "tracingEnabled": True, "tracingSampleRate": 0.5}

    def program() -> None:
        made = Project("shop", ProjectArgs(**inputs_of(ProjectSettings.model_validate(traced))))
        Service("shop-api", ServiceArgs(**inputs_of(args), project=made, name="api"))

    seen = deploy(program)

    assert seen["railway:index:Service", "shop-api-service"]["tracingEnabled"] is False
    assert "tracingEnabled" not in seen[INSTANCE, "shop-api-instance"]
    assert seen["railway:index:Project", "shop-project"]["tracingSampleRate"] == 0.5


def test_a_project_says_how_pull_requests_get_environments_only_where_they_do():
    """By the provider's own rule, with the key and the fix."""
    settings = {"name": "shop-test", "environment": "test", "botPrEnvironments": True}
    with pytest.raises(ValidationError, match="botPrEnvironments only with prDeploys: set that to true"):
        ProjectSettings.model_validate(settings)
    assert ProjectSettings.model_validate({**settings, "prDeploys": True}).bot_pr_environments is True


def test_a_volume_has_its_size_in_mb_and_its_backups(deploy):
    """Gigabytes of the settings are megabytes of the API, daily is DAILY."""
    volume = VolumeSettings(mount_path="/data", size_gb=5, backups=("daily", "weekly"), usage_alerts=(80,))
    args = ServiceSettings(image="api:1", volume=volume)

    seen = deploy(lambda: api(args))

    disk = seen["railway:index:Volume", "shop-api-volume-disk"]
    assert (disk["mountPath"], disk["sizeMb"], disk["backupSchedules"]) == ("/data", 5000, ["DAILY", "WEEKLY"])
    assert disk["usageAlerts"] == [80]


def test_a_job_with_a_schedule_is_never_restarted(deploy):
    """Railway runs a cron service with the policy NEVER; asking for another would show as drift."""
    args = ServiceSettings(image="job:1", cron_schedule="0 3 * * *")

    seen = deploy(lambda: Service("shop-job", ServiceArgs(**inputs_of(args), project=project(), name="job")))

    assert seen[INSTANCE, "shop-job-instance"]["restartPolicyType"] == "NEVER"


def test_a_bucket_hands_its_own_key_to_the_service(deploy):
    """The service gets the bucket's address, prefix and scoped key as variables."""

    def program() -> None:
        bucket = Bucket("shop-bucket", BucketArgs(name="shop-files", region="sfo3", prefix="prod/"))
        Service("shop-api", ServiceArgs(image="api:1", project=project(), name="api", variables=bucket.variables))

    variables = deploy(program)[INSTANCE, "shop-api-instance"]["variables"]
    assert variables == {
        "SPACES_BUCKET": "shop-files",
        "SPACES_REGION": "sfo3",
        "SPACES_ENDPOINT": "https://sfo3.digitaloceanspaces.com",
        "SPACES_PREFIX": "prod/",
        "SPACES_ACCESS_KEY_ID": "DO00KEY",
        "SPACES_SECRET_ACCESS_KEY": "made-secret",
        "SPACES_CDN_URL": "https://files.sfo3.cdn.digitaloceanspaces.com",
    }


def test_an_image_of_a_private_registry_has_its_user_and_password(deploy):
    """The user is a setting, the password a secret that is handed over; one without the other is a mistake."""
    args = ServiceSettings(image="registry.example.com:5000/shop/api:1", registry_username="robot")

    seen = deploy(lambda: api(args, registry_password="made-up"))

    assert seen[INSTANCE, "shop-api-instance"]["registryCredentials"] == {"username": "robot", "password": "made-up"}
    with pytest.raises(pulumi.RunError, match="go together: give both"):
        deploy(lambda: api(args))


def test_a_tcp_proxy_leads_to_its_port(deploy):
    """Its address is an output, since Railway chooses host and port."""
    made = []
    args = ServiceSettings(image="mqtt:2", tcp_port=1883)

    seen = deploy(lambda: made.append(api(args)))

    assert seen["railway:index:TcpProxy", "shop-api-tcp-proxy"]["applicationPort"] == 1883
    assert made[0].tcp_address is not None


def test_shared_variables_belong_to_the_project(deploy):
    """A service refers to them in Railway's own way, and a reference stays as it is written."""
    shared = ProjectSettings(name="shop-test", environment="test", shared_variables={"LOG_LEVEL": "info"})
    args = ServiceSettings(image="api:1", variables={"LOG_LEVEL": "${{shared.LOG_LEVEL}}"})

    seen = deploy(lambda: api(args, project=Project("shop", ProjectArgs(**inputs_of(shared)))))

    assert seen["railway:index:SharedVariables", "shop-shared-variables"]["variables"] == {"LOG_LEVEL": "info"}
    assert seen[INSTANCE, "shop-api-instance"]["variables"] == {"LOG_LEVEL": "${{shared.LOG_LEVEL}}"}


def test_a_push_elsewhere_in_the_repository_is_no_deployment(deploy):
    """Watch patterns reach Railway."""
    args = ServiceSettings(repo="shop/monorepo", root_directory="api", watch_patterns=("api/**",))

    seen = deploy(lambda: api(args))

    assert seen[INSTANCE, "shop-api-instance"]["watchPatterns"] == ["api/**"]
