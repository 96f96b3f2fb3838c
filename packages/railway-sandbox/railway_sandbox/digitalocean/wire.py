"""DigitalOcean's API v2 over HTTP: paths, error shape, pages and rate-limit headers.

Owns the translation between requests and the model. What is not simulated is answered with 501 and its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from railway_sandbox.digitalocean.model import DigitalOceanCloud
from railway_sandbox.http_messages import Request, Response, UnreadableBodyError
from railway_sandbox.rest import (
    Call,
    Handler,
    MethodNotAllowedError,
    NoRouteError,
    RefusedError,
    Route,
    dispatch,
    page_of,
)

PREFIX: Final = "/v2"

RATE_LIMIT_HEADERS: Final = {
    "RateLimit-Limit": "5000",
    "RateLimit-Remaining": "4999",
    "RateLimit-Reset": "1767229200",
}


def respond(cloud: DigitalOceanCloud, request: Request) -> Response:
    """Answer one request; the model's refusals become DigitalOcean's error shape."""
    if not request.bearer_token():
        return refusal(RefusedError(403, "forbidden", "Unable to authenticate you: a bearer token is needed."))
    try:
        return dispatch(ROUTES, cloud, request, request.path.removeprefix(PREFIX).rstrip("/"))
    except UnreadableBodyError as problem:
        return refusal(RefusedError(400, "bad_request", f"Unable to process the request: {problem}."))
    except MethodNotAllowedError:
        message = f"The method {request.method} is not allowed here."
        return refusal(RefusedError(405, "method_not_allowed", message))
    except NoRouteError:
        message = f"the sandbox does not simulate {request.method} {request.path} of DigitalOcean"
        return refusal(RefusedError(501, "not_implemented", message))
    except RefusedError as refused:
        return refusal(refused)


def refusal(refused: RefusedError) -> Response:
    """Return DigitalOcean's shape of an error."""
    shape = {"id": refused.code, "message": refused.message, "request_id": "00000000-0000-4000-8000-000000000000"}
    return Response.of_json(refused.status, shape, RATE_LIMIT_HEADERS)


def _json(status: int, value: object) -> Response:
    return Response.of_json(status, value, RATE_LIMIT_HEADERS)


def _page(request: Request, key: str, items: Sequence[object]) -> Response:
    """Return one page under ``key``, with links only when there is more than one page."""
    size = min(200, request.number("per_page", 20))
    page, last = request.number("page", 1), max(1, -(-len(items) // size))
    address = f"https://api.digitalocean.com{request.path}?per_page={size}&page="
    links: dict[str, str] = {}
    if page > 1:
        links |= {"first": f"{address}1", "prev": f"{address}{page - 1}"}
    if page < last:
        links |= {"next": f"{address}{page + 1}", "last": f"{address}{last}"}
    page_items = page_of(items, page, size)
    return _json(200, {key: page_items, "links": {"pages": links} if links else {}, "meta": {"total": len(items)}})


def _account(_call: Call[DigitalOceanCloud]) -> Response:
    return _json(200, {"account": {"uuid": "00000000-0000-4000-8000-000000000001", "status": "active"}})


def _without_empty(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return an endpoint without the fields that are not set."""
    return {key: value for key, value in endpoint.items() if value != ""}


def _list_endpoints(call: Call[DigitalOceanCloud]) -> Response:
    return _page(call.request, "endpoints", [_without_empty(endpoint) for endpoint in call.cloud.endpoints()])


def _list_certificates(call: Call[DigitalOceanCloud]) -> Response:
    return _page(call.request, "certificates", call.cloud.certificates(call.request.parameters().get("name")))


def _purge_cache(call: Call[DigitalOceanCloud]) -> Response:
    """Purge nothing: the simulated CDN keeps no copies."""
    call.cloud.endpoint(call.id)
    return _json(204, None)


def _assign_resources(call: Call[DigitalOceanCloud]) -> Response:
    urns: Any = call.body.get("resources") or []
    return _json(200, {"resources": call.cloud.assign(call.id, urns), "links": {}, "meta": {"total": len(urns)}})


def _one(key: str, read: Callable[[Call[DigitalOceanCloud]], object], status: int = 200) -> Handler[DigitalOceanCloud]:
    """Return a handler that answers with what ``read`` returns, under ``key``."""
    return lambda call: _json(status, {key: read(call)})


def _deleted(delete: Callable[[DigitalOceanCloud, str], None]) -> Handler[DigitalOceanCloud]:
    """Return a handler that deletes what the id in the path names."""

    def handle(call: Call[DigitalOceanCloud]) -> Response:
        delete(call.cloud, call.id)
        return _json(204, None)

    return handle


_create_key = _one("key", lambda call: call.cloud.create_key(call.body.get("name"), call.body.get("grants")), 201)
_change_key = _one("key", lambda call: call.cloud.change_key(call.id, call.body.get("name"), call.body.get("grants")))
_create_endpoint = _one("endpoint", lambda call: _without_empty(call.cloud.create_endpoint(call.body)), 201)
_change_endpoint = _one("endpoint", lambda call: _without_empty(call.cloud.change_endpoint(call.id, call.body)))
_create_certificate = _one("certificate", lambda call: call.cloud.create_certificate(call.body), 201)
_change_project = _one("project", lambda call: call.cloud.change_project(call.id, call.body))

ROUTES: Final[Sequence[Route[DigitalOceanCloud]]] = (
    Route("GET", "/account", _account),
    Route("GET", "/spaces/keys", lambda call: _page(call.request, "keys", call.cloud.spaces_keys())),
    Route("POST", "/spaces/keys", _create_key),
    Route("GET", "/spaces/keys/ID", _one("key", lambda call: call.cloud.key(call.id))),
    Route("PUT", "/spaces/keys/ID", _change_key),
    Route("PATCH", "/spaces/keys/ID", _change_key),
    Route("DELETE", "/spaces/keys/ID", _deleted(DigitalOceanCloud.delete_key)),
    Route("GET", "/cdn/endpoints", _list_endpoints),
    Route("POST", "/cdn/endpoints", _create_endpoint),
    Route("GET", "/cdn/endpoints/ID", _one("endpoint", lambda call: _without_empty(call.cloud.endpoint(call.id)))),
    Route("PUT", "/cdn/endpoints/ID", _change_endpoint),
    Route("DELETE", "/cdn/endpoints/ID", _deleted(DigitalOceanCloud.delete_endpoint)),
    Route("DELETE", "/cdn/endpoints/ID/cache", _purge_cache),
    Route("GET", "/certificates", _list_certificates),
    Route("POST", "/certificates", _create_certificate),
    Route("GET", "/certificates/ID", _one("certificate", lambda call: call.cloud.certificate(call.id))),
    Route("DELETE", "/certificates/ID", _deleted(DigitalOceanCloud.delete_certificate)),
    Route("GET", "/projects", lambda call: _page(call.request, "projects", call.cloud.projects())),
    Route("POST", "/projects", _one("project", lambda call: call.cloud.create_project(call.body), 201)),
    Route("GET", "/projects/ID", _one("project", lambda call: call.cloud.project(call.id))),
    Route("PUT", "/projects/ID", _change_project),
    Route("PATCH", "/projects/ID", _change_project),
    Route("DELETE", "/projects/ID", _deleted(DigitalOceanCloud.delete_project)),
    Route("GET", "/projects/ID/resources", lambda c: _page(c.request, "resources", c.cloud.resources(c.id))),
    Route("POST", "/projects/ID/resources", _assign_resources),
)
