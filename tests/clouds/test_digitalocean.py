"""The simulated DigitalOcean answers as DigitalOcean does: keys, CDN, certificates, projects, errors and pages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from railway_api.certificates import trusted
from railway_sandbox.clock import ManualClock

ORIGIN = "seance-cdn.sfo3.digitaloceanspaces.com"
GRANTS = [{"bucket": "seance-cdn", "permission": "readwrite"}]


def key_of(client: httpx.Client, name: str = "seance") -> dict[str, Any]:
    return client.post("/spaces/keys", json={"name": name, "grants": GRANTS}).json()["key"]


def test_request_without_token_is_forbidden(address: str) -> None:
    """Every request needs a bearer token."""
    response = httpx.get(f"{address}/v2/spaces/keys", trust_env=False, verify=trusted(address))

    assert response.status_code == 403
    assert {"id", "message", "request_id"} == set(response.json())


@pytest.mark.parametrize("path", ["/spaces/keys/DO00X", "/cdn/endpoints/x", "/certificates/x", "/projects/x"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_missing_thing_is_not_found(digitalocean: httpx.Client, method: str, path: str) -> None:
    """What does not exist is 404 in DigitalOcean's shape, also for a delete."""
    response = digitalocean.request(method, path)

    assert (response.status_code, response.json()["id"]) == (404, "not_found")


def test_key_shows_its_secret_once(digitalocean: httpx.Client) -> None:
    """The secret is in the answer that makes the key and in no later one."""
    made = key_of(digitalocean)

    read = digitalocean.get(f"/spaces/keys/{made['access_key']}").json()["key"]

    assert made.pop("secret_key")
    assert made == read


def test_key_keeps_its_grants_in_order(digitalocean: httpx.Client) -> None:
    """Grants are an ordered list; a permission that does not exist becomes empty."""
    grants = [
        {"bucket": "b-two", "permission": "read"},
        {"bucket": "a-one", "permission": "readwrite"},
        {"bucket": "c-three", "permission": "own"},
    ]
    made = key_of(digitalocean)

    changed = digitalocean.put(f"/spaces/keys/{made['access_key']}", json={"name": "new", "grants": grants}).json()

    assert [*grants[:2], {"bucket": "c-three", "permission": ""}] == changed["key"]["grants"]
    assert changed["key"]["name"] == "new"


def test_deleted_key_is_gone(digitalocean: httpx.Client) -> None:
    """A delete answers 204 without a body."""
    path = f"/spaces/keys/{key_of(digitalocean)['access_key']}"

    response = digitalocean.delete(path)

    assert (response.status_code, response.content) == (204, b"")
    assert digitalocean.get(path).status_code == 404


@pytest.mark.parametrize(
    "grant", [{"bucket": "seance-cdn", "permission": "fullaccess"}, {"bucket": "", "permission": "read"}]
)
def test_impossible_grant_is_refused(digitalocean: httpx.Client, grant: dict[str, str]) -> None:
    """Full access names no bucket; every other grant names one."""
    response = digitalocean.post("/spaces/keys", json={"name": "seance", "grants": [grant]})

    assert (response.status_code, response.json()["id"]) == (422, "unprocessable_entity")


def test_endpoint_has_the_cdn_host_and_default_ttl(digitalocean: httpx.Client) -> None:
    """A ttl of 0 means the default of an hour; unset fields are absent."""
    response = digitalocean.post("/cdn/endpoints", json={"origin": ORIGIN, "ttl": 0})
    made = response.json()["endpoint"]

    assert response.status_code == 201
    assert (made["endpoint"], made["ttl"]) == ("seance-cdn.sfo3.cdn.digitaloceanspaces.com", 3600)
    assert "custom_domain" not in made


def test_one_origin_has_one_endpoint(digitalocean: httpx.Client) -> None:
    """A second endpoint for the same bucket is a conflict."""
    digitalocean.post("/cdn/endpoints", json={"origin": ORIGIN})

    assert digitalocean.post("/cdn/endpoints", json={"origin": ORIGIN}).status_code == 409


@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "example.com"},
        {"origin": ORIGIN, "ttl": 5},
        {"origin": ORIGIN, "custom_domain": "cdn.seance.dev"},
        {"origin": ORIGIN, "custom_domain": "cdn.seance.dev", "certificate_id": "no-such"},
    ],
)
def test_impossible_endpoint_is_refused(digitalocean: httpx.Client, sent: dict[str, Any]) -> None:
    """Origin, ttl and certificate have to make sense."""
    assert digitalocean.post("/cdn/endpoints", json=sent).status_code == 422


def test_dropped_domain_leaves_the_certificate(digitalocean: httpx.Client) -> None:
    """An empty custom domain removes it; the certificate stays as it was sent."""
    sent = {"origin": ORIGIN, "custom_domain": "cdn.seance.dev", "certificate_id": "needs-cloudflare-cert"}
    made = digitalocean.post("/cdn/endpoints", json=sent).json()["endpoint"]

    without = {"custom_domain": "", "certificate_id": "needs-cloudflare-cert"}
    changed = digitalocean.put(f"/cdn/endpoints/{made['id']}", json=without).json()["endpoint"]

    assert "custom_domain" not in changed
    assert changed["certificate_id"] == "needs-cloudflare-cert"


def test_certificate_is_pending_before_it_is_verified(digitalocean: httpx.Client, clock: ManualClock) -> None:
    """A Let's Encrypt certificate takes its time."""
    sent = {"name": "cdn", "type": "lets_encrypt", "dns_names": ["cdn.seance.dev"]}
    made = digitalocean.post("/certificates", json=sent).json()["certificate"]

    clock.advance(10)

    assert made["state"] == "pending"
    assert digitalocean.get(f"/certificates/{made['id']}").json()["certificate"]["state"] == "verified"
    assert [made["id"]] == [
        found["id"] for found in digitalocean.get("/certificates", params={"name": "cdn"}).json()["certificates"]
    ]


def test_certificate_in_use_cannot_be_deleted(digitalocean: httpx.Client) -> None:
    """While a CDN endpoint serves with it, a certificate stays."""
    sent = {"name": "cdn", "type": "lets_encrypt", "dns_names": ["cdn.seance.dev"]}
    made = digitalocean.post("/certificates", json=sent).json()["certificate"]["id"]
    digitalocean.post(
        "/cdn/endpoints", json={"origin": ORIGIN, "custom_domain": "cdn.seance.dev", "certificate_id": made}
    )

    response = digitalocean.delete(f"/certificates/{made}")

    assert response.status_code == 403
    assert "make sure the certificate is not in use" in response.json()["message"].lower()


def test_project_holds_resources_until_they_move_away(digitalocean: httpx.Client) -> None:
    """A project with resources cannot be deleted; moved to the default project, they free it."""
    sent = {"name": "seance", "description": "", "purpose": "Web Application", "environment": "Production"}
    project = digitalocean.post("/projects", json=sent).json()["project"]
    bucket = {"resources": ["do:space:seance-cdn"]}
    digitalocean.post(f"/projects/{project['id']}/resources", json=bucket)
    held = digitalocean.get(f"/projects/{project['id']}/resources", params={"page": 1, "per_page": 200}).json()
    default = digitalocean.get("/projects/default").json()["project"]

    refused = digitalocean.delete(f"/projects/{project['id']}")
    digitalocean.post(f"/projects/{default['id']}/resources", json=bucket)
    deleted = digitalocean.delete(f"/projects/{project['id']}")

    assert [resource["urn"] for resource in held["resources"]] == ["do:space:seance-cdn"]
    assert (refused.status_code, deleted.status_code) == (412, 204)


def test_long_list_comes_in_pages(digitalocean: httpx.Client) -> None:
    """Pages have a total and links to their neighbours."""
    for number in range(3):
        key_of(digitalocean, f"key-{number}")

    page = digitalocean.get("/spaces/keys", params={"page": "2", "per_page": "1"}).json()

    assert [key["name"] for key in page["keys"]] == ["key-1"]
    assert {"first", "prev", "next", "last"} == set(page["links"]["pages"])
    assert page["meta"]["total"] == 3


def test_answers_tell_the_rate_limit(digitalocean: httpx.Client) -> None:
    """DigitalOcean's clients read these headers."""
    headers = digitalocean.get("/account").headers

    assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= set(headers)


def test_not_simulated_operation_is_named(digitalocean: httpx.Client) -> None:
    """A gap of the sandbox says so."""
    response = digitalocean.get("/droplets")

    assert response.status_code == 501
    assert "GET /v2/droplets" in response.json()["message"]
