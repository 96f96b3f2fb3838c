"""Settings of a service as they are read: defaults, hidden and sealed values, and the ETag."""

from __future__ import annotations

from tests.sandbox_railway.shop import UNSET, Shop

ETAG = "query($e: String!) { environment(id: $e) { configEtag } }"


def test_what_railway_shows_where_nobody_set_anything(shop: Shop):
    """Empty groups, four settings of the deployment, and of the environment its groups and private network."""
    assert shop.shown == UNSET
    whole = shop.railway.config(shop.environment)
    assert whole == {"services": {shop.web: UNSET}, "groups": {}, "privateNetworkDisabled": False}


def test_defaults_are_left_out_on_reading(shop: Shop):
    """What is set to Railway's default is not shown."""
    shop.patch(
        build={"builder": "RAILPACK", "buildEnvironment": "V3"},
        deploy={"restartPolicyType": "ON_FAILURE", "restartPolicyMaxRetries": 10, "sleepApplication": False},
    )

    assert shop.config == {}


def test_values_are_hidden_unless_asked_for(shop: Shop):
    """Names are always there; sealed values never are; credentials are masked."""
    shop.patch(
        variables={"OPEN": {"value": "1"}, "CLOSED": {"value": "2", "isSealed": True}},
        deploy={"registryCredentials": {"username": "me", "password": "secret"}},
    )
    hidden = shop.railway.config(shop.environment, decrypt=False)["services"][shop.web]

    assert hidden["variables"] == {"OPEN": {"value": None}, "CLOSED": {"value": None, "isSealed": True}}
    assert shop.config["variables"]["OPEN"] == {"value": "1"}
    assert shop.config["variables"]["CLOSED"] == {"value": None, "isSealed": True}
    assert shop.config["deploy"]["registryCredentials"] == {"username": "*****", "password": "*****"}


def test_a_sealed_variable_stays_sealed(shop: Shop):
    """Its value can change, its seal cannot be broken."""
    shop.patch(variables={"KEY": {"value": "1", "isSealed": True}})
    shop.patch(variables={"KEY": {"value": "2", "isSealed": False}})

    assert shop.config["variables"]["KEY"] == {"value": None, "isSealed": True}


def test_the_etag_changes_with_the_config(shop: Shop):
    """Also when only a hidden value changed."""
    seen = {shop.railway.ask(ETAG, e=shop.environment)["environment"]["configEtag"]}
    for value in ("1", "2"):
        shop.patch(variables={"KEY": {"value": value, "isSealed": True}})
        seen.add(shop.railway.ask(ETAG, e=shop.environment)["environment"]["configEtag"])

    assert len(seen) == 3


def test_a_patch_shows_no_sealed_value(shop: Shop):
    """Neither of a service nor shared, also to a reader of decrypted variables."""
    sealed = {"KEY": {"value": "1", "isSealed": True}, "OPEN": {"value": "2"}}
    shop.railway.commit(shop.environment, {"services": {shop.web: {"variables": sealed}}, "sharedVariables": sealed})
    query = "query($p: String!) { environmentPatch(id: $p) { patch(decryptVariables: true) } }"
    shown = shop.railway.ask(query, p=shop.last_patch["id"])["environmentPatch"]["patch"]

    for group in (shown["sharedVariables"], shown["services"][shop.web]["variables"]):
        assert {name: entry["value"] for name, entry in group.items()} == {"KEY": None, "OPEN": "2"}
