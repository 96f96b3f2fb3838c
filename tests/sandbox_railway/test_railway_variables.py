"""Variables by their own operations: rendered, referred to, written, and what a write deploys."""

from __future__ import annotations

from typing import Any

from tests.sandbox_railway.railway_client import Json
from tests.sandbox_railway.shop import COMMIT_STAGED, Shop

UPSERT = "mutation($i: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $i) }"
VARIABLES = """query($p: String!, $e: String!, $s: String, $u: Boolean) {
    variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: $u) }"""


def _upsert(shop: Shop, values: dict[str, str], **more: Any) -> Json:
    return {
        "projectId": shop.project,
        "environmentId": shop.environment,
        "serviceId": shop.web,
        "variables": values,
        **more,
    }


def test_variables_are_rendered_unless_asked_otherwise(shop: Shop):
    """References become values; Railway adds its own."""
    shop.railway.ask(UPSERT, i=_upsert(shop, {"HOST": "h", "URL": "http://${{HOST}}/${{RAILWAY_SERVICE_NAME}}"}))
    ask = {"p": shop.project, "e": shop.environment, "s": shop.web}
    rendered = shop.railway.ask(VARIABLES, **ask)["variables"]

    assert rendered["URL"] == "http://h/web"
    assert rendered["RAILWAY_PRIVATE_DOMAIN"] == "web.railway.internal"
    assert shop.railway.ask(VARIABLES, **ask, u=True)["variables"]["URL"].startswith("http://${{HOST}}")


def test_a_name_with_a_dot_is_referred_to_in_quotes(shop: Shop):
    """Without them Railway finds nothing, and fills in an empty text."""
    other = shop.railway.service(shop.project, shop.environment, "name.with.dots")
    own = {"A": '<${{"name.with.dots".RAILWAY_SERVICE_NAME}}>', "B": "<${{name.with.dots.RAILWAY_SERVICE_NAME}}>"}
    shop.railway.ask(UPSERT, i=_upsert(shop, own))

    variables = shop.railway.ask(VARIABLES, p=shop.project, e=shop.environment, s=shop.web)["variables"]
    assert other
    assert (variables["A"], variables["B"]) == ("<name.with.dots>", "<>")


def test_writing_variables_deploys_each_time_unless_told_not_to(shop: Shop):
    """skipDeploys keeps it quiet; replace removes the others."""
    shop.patch(source={"image": "nginx:1"})
    shop.railway.clock.advance(60)
    shop.railway.ask(UPSERT, i=_upsert(shop, {"A": "1"}))
    assert shop.count == 2

    shop.railway.ask(UPSERT, i=_upsert(shop, {"B": "2"}, replace=True, skipDeploys=True))
    assert shop.count == 2
    assert shop.config["variables"] == {"B": {"value": "2"}}


def test_writing_variables_of_what_never_ran_is_refused_after_the_effect(shop: Shop):
    """There is no snapshot to deploy again, but the variable is written."""
    query = (
        "mutation($e: String!, $p: EnvironmentConfig!) { environmentStageChanges(environmentId: $e, input: $p) { id } }"
    )
    patch = {"services": {shop.web: {"source": {"image": "nginx:1"}}}}
    shop.railway.ask(query, e=shop.environment, p=patch)
    shop.railway.ask(COMMIT_STAGED, e=shop.environment, skip=True)
    shop.railway.clock.advance(2)

    assert shop.railway.refusal(UPSERT, i=_upsert(shop, {"A": "1"})) == "Cannot redeploy without snapshot"
    assert shop.config["variables"] == {"A": {"value": "1"}}


DELETE = "mutation($i: VariableDeleteInput!) { variableDelete(input: $i) }"


def test_variables_belong_to_a_service_of_the_named_project(shop: Shop):
    """Each operation refuses an unknown service, a service of another project, and another project's environment."""
    other_project, other_environment = shop.railway.project("other")
    foreign = shop.railway.service(other_project, other_environment)
    given = {"projectId": shop.project, "environmentId": shop.environment, "name": "A"}

    for service in ("unknown", foreign):
        assert shop.railway.refusal(DELETE, i={**given, "serviceId": service}) == "Service not found"
        assert shop.railway.refusal(UPSERT, i=_upsert(shop, {"A": "1"}, serviceId=service)) == "Service not found"
    moved = _upsert(shop, {"A": "1"}, projectId=other_project)
    assert shop.railway.refusal(UPSERT, i=moved) == "Environment not found"
    assert shop.railway.refusal(DELETE, i={**given, "projectId": other_project}) == "Environment not found"
    assert set(shop.railway.cloud.state.environments[shop.environment].services) == {shop.web}


def test_the_name_of_a_variable_is_one_line(shop: Shop):
    """A name with a final newline is refused, alone and in a collection."""
    upsert = "mutation($i: VariableUpsertInput!) { variableUpsert(input: $i) }"
    given = {"projectId": shop.project, "environmentId": shop.environment, "name": "A\n", "value": "1"}

    assert shop.railway.refusal(upsert, i=given) == "Invalid input: name"
    assert "names" in shop.railway.refusal(UPSERT, i=_upsert(shop, {"A\n": "1"}))


def test_the_region_of_a_service_is_where_its_settings_place_it(shop: Shop):
    """Railway's own variable follows the settings, not the default region of the workspace."""
    regions = {"us-west2": None, "europe-west4-drams3a": {"numReplicas": 1}}
    shop.patch(deploy={"multiRegionConfig": regions})

    variables = shop.railway.ask(VARIABLES, p=shop.project, e=shop.environment, s=shop.web)["variables"]
    assert variables["RAILWAY_REPLICA_REGION"] == "europe-west4-drams3a"
