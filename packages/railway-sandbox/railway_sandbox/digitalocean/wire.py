"""DigitalOcean's API v2 over HTTP: paths, error shape, pages and rate-limit headers.

Owns the translation between requests and the model. What is not simulated is answered with 501 and its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from railway_sandbox.digitalocean import errors
from railway_sandbox.digitalocean.model import DigitalOceanCloud
from railway_sandbox.http_messages import Request, Response, UnreadableBodyError

PREFIX: Final = "/v2"

RATE_LIMIT_HEADERS: Final = {
    "RateLimit-Limit": "5000",
    "RateLimit-Remaining": "4999",
    "RateLimit-Reset": "1767229200",
}

Handler = Callable[[DigitalOceanCloud, Request, str], Response]


def respond(cloud: DigitalOceanCloud, request: Request) -> Response:
    """Answer one request; the model's refusals become DigitalOcean's error shape."""
    try:
        if not request.bearer_token():
            raise errors.no_credentials()
        return _dispatch(cloud, request)
    except UnreadableBodyError as problem:
        return refusal(errors.unreadable(str(problem)))
    except errors.RefusedError as refused:
        return refusal(refused)


def refusal(refused: errors.RefusedError) -> Response:
    """Return DigitalOcean's shape of an error."""
    shape = {"id": refused.id, "message": refused.message, "request_id": "00000000-0000-4000-8000-000000000000"}
    return Response.of_json(refused.status, shape, RATE_LIMIT_HEADERS)


def _dispatch(cloud: DigitalOceanCloud, request: Request) -> Response:
    path = request.path.removeprefix(PREFIX).rstrip("/")
    known = False
    for method, pattern, handler in ROUTES:
        match = pattern.fullmatch(path)
        if match and method == request.method:
            return handler(cloud, request, match.group("id") if "id" in pattern.groupindex else "")
        known = known or match is not None
    if known:
        raise errors.method_not_allowed(request.method)
    raise errors.not_simulated(f"{request.method} {request.path}")


def _answer(status: int, value: object) -> Response:
    return Response.of_json(status, value, RATE_LIMIT_HEADERS)


def _page(request: Request, key: str, found: Sequence[object]) -> Response:
    """Return one page under ``key``, with links only when there is more than one page."""
    size = min(200, request.number("per_page", 20))
    page, last = request.number("page", 1), max(1, -(-len(found) // size))
    address = f"https://api.digitalocean.com{request.path}?per_page={size}&page="
    links: dict[str, str] = {}
    if page > 1:
        links |= {"first": f"{address}1", "prev": f"{address}{page - 1}"}
    if page < last:
        links |= {"next": f"{address}{page + 1}", "last": f"{address}{last}"}
    shown = list(found[(page - 1) * size : page * size])
    return _answer(200, {key: shown, "links": {"pages": links} if links else {}, "meta": {"total": len(found)}})


# Account


def _account(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del cloud, request, id
    return _answer(200, {"account": {"uuid": "00000000-0000-4000-8000-000000000001", "status": "active"}})


# Spaces keys


def _list_keys(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del id
    return _page(request, "keys", cloud.spaces_keys())


def _create_key(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del id
    sent = request.json_object()
    return _answer(201, {"key": cloud.create_key(sent.get("name"), sent.get("grants"))})


def _get_key(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del request
    return _answer(200, {"key": cloud.key(id)})


def _change_key(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    sent = request.json_object()
    return _answer(200, {"key": cloud.change_key(id, sent.get("name"), sent.get("grants"))})


def _delete_key(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del request
    cloud.delete_key(id)
    return _answer(204, None)


# CDN endpoints


def _shown(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return an endpoint without the fields that are not set."""
    return {key: value for key, value in endpoint.items() if value != ""}


def _list_endpoints(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del id
    return _page(request, "endpoints", [_shown(endpoint) for endpoint in cloud.endpoints()])


def _create_endpoint(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del id
    return _answer(201, {"endpoint": _shown(cloud.create_endpoint(request.json_object()))})


def _get_endpoint(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del request
    return _answer(200, {"endpoint": _shown(cloud.endpoint(id))})


def _change_endpoint(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    return _answer(200, {"endpoint": _shown(cloud.change_endpoint(id, request.json_object()))})


def _delete_endpoint(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del request
    cloud.delete_endpoint(id)
    return _answer(204, None)


def _purge_cache(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    """Purge nothing: the simulated CDN keeps no copies."""
    del request
    cloud.endpoint(id)
    return _answer(204, None)


# Certificates


def _list_certificates(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del id
    return _page(request, "certificates", cloud.certificates(request.parameters().get("name")))


def _create_certificate(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del id
    return _answer(201, {"certificate": cloud.create_certificate(request.json_object())})


def _get_certificate(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del request
    return _answer(200, {"certificate": cloud.certificate(id)})


def _delete_certificate(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del request
    cloud.delete_certificate(id)
    return _answer(204, None)


# Projects


def _list_projects(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del id
    return _page(request, "projects", cloud.projects())


def _create_project(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del id
    return _answer(201, {"project": cloud.create_project(request.json_object())})


def _get_project(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del request
    return _answer(200, {"project": cloud.project(id)})


def _change_project(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    return _answer(200, {"project": cloud.change_project(id, request.json_object())})


def _delete_project(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    del request
    cloud.delete_project(id)
    return _answer(204, None)


def _list_resources(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    return _page(request, "resources", cloud.resources(id))


def _assign_resources(cloud: DigitalOceanCloud, request: Request, id: str) -> Response:
    urns: Any = request.json_object().get("resources") or []
    return _answer(200, {"resources": cloud.assign(id, urns), "links": {}, "meta": {"total": len(urns)}})


def _route(method: str, path: str, handler: Handler) -> tuple[str, re.Pattern[str], Handler]:
    return method, re.compile(path.replace("ID", r"(?P<id>[\w-]+)")), handler


ROUTES: Final = (
    _route("GET", "/account", _account),
    _route("GET", "/spaces/keys", _list_keys),
    _route("POST", "/spaces/keys", _create_key),
    _route("GET", "/spaces/keys/ID", _get_key),
    _route("PUT", "/spaces/keys/ID", _change_key),
    _route("PATCH", "/spaces/keys/ID", _change_key),
    _route("DELETE", "/spaces/keys/ID", _delete_key),
    _route("GET", "/cdn/endpoints", _list_endpoints),
    _route("POST", "/cdn/endpoints", _create_endpoint),
    _route("GET", "/cdn/endpoints/ID", _get_endpoint),
    _route("PUT", "/cdn/endpoints/ID", _change_endpoint),
    _route("DELETE", "/cdn/endpoints/ID", _delete_endpoint),
    _route("DELETE", "/cdn/endpoints/ID/cache", _purge_cache),
    _route("GET", "/certificates", _list_certificates),
    _route("POST", "/certificates", _create_certificate),
    _route("GET", "/certificates/ID", _get_certificate),
    _route("DELETE", "/certificates/ID", _delete_certificate),
    _route("GET", "/projects", _list_projects),
    _route("POST", "/projects", _create_project),
    _route("GET", "/projects/ID", _get_project),
    _route("PUT", "/projects/ID", _change_project),
    _route("PATCH", "/projects/ID", _change_project),
    _route("DELETE", "/projects/ID", _delete_project),
    _route("GET", "/projects/ID/resources", _list_resources),
    _route("POST", "/projects/ID/resources", _assign_resources),
)
