"""Patches that set off deployments: of which services, in which order, and which of them set off none."""

from __future__ import annotations

from tests.sandbox_railway.shop import Shop


def test_a_new_source_deploys_once(shop: Shop):
    """However much a patch changes, there is one deployment."""
    shop.patch(source={"image": "nginx:1"}, variables={"A": {"value": "1"}}, deploy={"startCommand": "run"})

    assert shop.count == 1


def test_a_service_without_source_is_not_deployed(shop: Shop):
    """There is nothing to run."""
    shop.patch(variables={"A": {"value": "1"}})

    assert shop.count == 0


def test_the_same_patch_again_deploys_nothing(shop: Shop):
    """Neither does setting what is the default anyway."""
    shop.patch(source={"image": "nginx:1"})
    shop.patch(source={"image": "nginx:1"})
    shop.patch(deploy={"restartPolicyType": "ON_FAILURE"})

    assert shop.count == 1


def test_regions_and_replicas_scale_without_a_deployment(shop: Shop):
    """The running deployment takes them on."""
    shop.patch(source={"image": "nginx:1"})
    shop.railway.clock.advance(60)
    shop.patch(deploy={"multiRegionConfig": {"us-west2": None, "europe-west4-drams3a": {"numReplicas": 3}}})

    assert shop.count == 1
    deploy = shop.railway.deployments(shop.environment)[0]["meta"]["serviceManifest"]["deploy"]
    assert deploy["multiRegionConfig"] == {"europe-west4-drams3a": {"numReplicas": 3}}
    assert shop.config["deploy"] == {"multiRegionConfig": {"europe-west4-drams3a": {"numReplicas": 3}}}


def test_a_number_of_replicas_counts_for_the_only_region(shop: Shop):
    """It ends up in the regions, where it is read."""
    shop.patch(deploy={"numReplicas": 2})

    assert shop.config["deploy"] == {"multiRegionConfig": {"us-west2": {"numReplicas": 2}}}


def test_a_new_region_comes_beside_the_default_one(shop: Shop):
    """The region that Railway chose stays unless it is removed."""
    shop.patch(deploy={"multiRegionConfig": {"europe-west4-drams3a": {"numReplicas": 1}}})

    assert set(shop.config["deploy"]["multiRegionConfig"]) == {"us-west2", "europe-west4-drams3a"}


def test_only_affected_services_are_deployed(shop: Shop):
    """A shared variable touches those that refer to it."""
    other = shop.railway.service(shop.project, shop.environment, "other")
    services = {
        shop.web: {"source": {"image": "nginx:1"}, "variables": {"A": {"value": "${{shared.KEY}}"}}},
        other: {"source": {"image": "nginx:1"}},
    }
    shop.railway.commit(shop.environment, {"services": services, "sharedVariables": {"KEY": {"value": "1"}}})
    shop.railway.clock.advance(60)
    shop.railway.commit(shop.environment, {"sharedVariables": {"KEY": {"value": "2"}}})

    assert len(shop.railway.deployments(shop.environment, shop.web)) == 2
    assert len(shop.railway.deployments(shop.environment, other)) == 1


def test_a_batch_follows_the_references_between_its_services(shop: Shop):
    """A service waits for those whose variables it uses."""
    database = shop.railway.service(shop.project, shop.environment, "database")
    services = {
        shop.web: {"source": {"image": "nginx:1"}, "variables": {"URL": {"value": "${{database.URL}}"}}},
        database: {"source": {"image": "postgres:16"}, "variables": {"URL": {"value": "postgres://"}}},
    }
    shop.railway.commit(shop.environment, {"services": services})

    assert shop.railway.statuses(shop.environment, shop.web) == ["WAITING"]
    assert shop.railway.statuses(shop.environment, database) == ["QUEUED"]
    shop.railway.clock.advance(16)
    assert shop.railway.statuses(shop.environment, database) == ["SUCCESS"]
    assert shop.railway.statuses(shop.environment, shop.web) == ["QUEUED"]
