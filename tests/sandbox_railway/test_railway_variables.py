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
