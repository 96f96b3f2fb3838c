"""Cloudflare's API v4 over HTTP: paths, envelope, filters and pages.

Owns the translation between requests and the model. What is not simulated is answered with 501 and its name, never
with something that looks like success.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from railway_sandbox.addresses import CLOUDFLARE_PATH
from railway_sandbox.cloudflare.model import CloudflareCloud, invalid_setting
from railway_sandbox.cloudflare.refusals import no_route, not_simulated
from railway_sandbox.cloudflare.rulesets import Rulesets
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

PREFIX: Final = CLOUDFLARE_PATH

RETRIED_STATUSES: Final = frozenset({408, 409, 429})
"""Cloudflare's own client retries these and every 5xx, for minutes unless a header tells it not to."""

TOKEN_ID: Final = "70ce0000000000000000000000000001"


def respond(cloud: CloudflareCloud, request: Request) -> Response:
    """Answer one request; the model's refusals become Cloudflare's envelope."""
    path = request.path.removeprefix(PREFIX).rstrip("/")
    if not request.bearer_token():
        return refusal(RefusedError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"))
    try:
        return dispatch(ROUTES, cloud, request, path)
    except UnreadableBodyError as problem:
        return refusal(RefusedError(400, 9207, f"Request body is invalid: {problem}"))
    except MethodNotAllowedError:
        message = f"Method not allowed for this authentication scheme: {request.method}"
        return refusal(RefusedError(405, 10_405, message))
    except NoRouteError:
        below_a_zone = re.fullmatch(r"/zones/\w+/.+", path)
        return refusal(not_simulated(f"{request.method} {path}") if below_a_zone else no_route(path))
    except RefusedError as refused:
        return refusal(refused)


def refusal(refused: RefusedError) -> Response:
    """Return Cloudflare's envelope for an error; it says that a retry is useless: the answer would be the same."""
    envelope = {
        "success": False,
        "errors": [{"code": refused.code, "message": refused.message}],
        "messages": [],
        "result": None,
    }
    retried = refused.status in RETRIED_STATUSES or refused.status >= 500
    return Response.of_json(refused.status, envelope, {"x-should-retry": "false"} if retried else None)


def _success(result: object) -> Response:
    return Response.of_json(200, {"success": True, "errors": [], "messages": [], "result": result})


def _page(request: Request, items: Sequence[object], *, per_page: int) -> Response:
    size = request.number("per_page", per_page)
    page = request.number("page", 1)
    page_items = page_of(items, page, size)
    info = {
        "page": page,
        "per_page": size,
        "count": len(page_items),
        "total_count": len(items),
        "total_pages": -(-len(items) // size),
    }
    envelope = {"success": True, "errors": [], "messages": [], "result": page_items, "result_info": info}
    return Response.of_json(200, envelope)


RECORD_FILTERS: Final = {
    "name": "name",
    "name.exact": "name",
    "type": "type",
    "content": "content",
    "content.exact": "content",
    "comment": "comment",
    "comment.exact": "comment",
    "proxied": "proxied",
}
"""Query parameters of the record list, and the field that each compares without case."""


def _list_records(call: Call[CloudflareCloud]) -> Response:
    parameters = call.request.parameters()
    filters = {field: parameters[parameter] for parameter, field in RECORD_FILTERS.items() if parameter in parameters}
    return _page(call.request, call.cloud.records(call.id, **filters), per_page=100)


def _replace_record(call: Call[CloudflareCloud]) -> Response:
    return _success(call.cloud.replace_record(call.ids[0], call.id, call.body))


def _change_record(call: Call[CloudflareCloud]) -> Response:
    return _success(call.cloud.change_record(call.ids[0], call.id, call.body))


def _delete_record(call: Call[CloudflareCloud]) -> Response:
    call.cloud.delete_record(*call.ids)
    return _success({"id": call.id})


def _change_setting(call: Call[CloudflareCloud]) -> Response:
    return _success(call.cloud.change_setting(call.ids[0], call.id, call.body.get("value")))


def _get_universal_ssl(call: Call[CloudflareCloud]) -> Response:
    return _success({"enabled": call.cloud.universal_ssl(call.id), "certificate_authority": "lets_encrypt"})


def _change_universal_ssl(call: Call[CloudflareCloud]) -> Response:
    enabled: Any = call.body.get("enabled")
    if not isinstance(enabled, bool):
        raise invalid_setting("universal ssl")
    call.cloud.change_universal_ssl(call.id, enabled=enabled)
    return _get_universal_ssl(call)


def _rulesets(call: Call[CloudflareCloud]) -> Rulesets:
    return call.cloud.rulesets(call.ids[0])


def _is_dry_run(call: Call[CloudflareCloud]) -> bool:
    return call.request.parameters().get("dry_run") == "true"


def _create_ruleset(call: Call[CloudflareCloud]) -> Response:
    return _success(_rulesets(call).create(call.body, dry_run=_is_dry_run(call)))


def _replace_ruleset(call: Call[CloudflareCloud]) -> Response:
    return _success(_rulesets(call).replace(call.id, call.body, dry_run=_is_dry_run(call)))


def _delete_ruleset(call: Call[CloudflareCloud]) -> Response:
    _rulesets(call).delete(call.id)
    return Response(status=204)


def _replace_entry_point(call: Call[CloudflareCloud]) -> Response:
    return _success(_rulesets(call).replace_entry_point(call.id, call.body, dry_run=_is_dry_run(call)))


def _result(read: Callable[[Call[CloudflareCloud]], object]) -> Handler[CloudflareCloud]:
    """Return a handler that answers with what ``read`` returns."""
    return lambda call: _success(read(call))


ROUTES: Final[Sequence[Route[CloudflareCloud]]] = (
    Route("GET", "/user/tokens/verify", _result(lambda _: {"id": TOKEN_ID, "status": "active"})),
    Route("GET", "/zones", lambda c: _page(c.request, c.cloud.zones(c.request.parameters().get("name")), per_page=20)),
    Route("GET", "/zones/ID", _result(lambda call: call.cloud.zone(call.id))),
    Route("GET", "/zones/ID/dns_records", _list_records),
    Route("POST", "/zones/ID/dns_records", _result(lambda call: call.cloud.create_record(call.id, call.body))),
    Route("GET", "/zones/ID/dns_records/ID", _result(lambda call: call.cloud.record(*call.ids))),
    Route("PUT", "/zones/ID/dns_records/ID", _replace_record),
    Route("PATCH", "/zones/ID/dns_records/ID", _change_record),
    Route("DELETE", "/zones/ID/dns_records/ID", _delete_record),
    Route("GET", "/zones/ID/settings", _result(lambda call: call.cloud.settings(call.id))),
    Route("GET", "/zones/ID/settings/ID", _result(lambda call: call.cloud.setting(*call.ids))),
    Route("PATCH", "/zones/ID/settings/ID", _change_setting),
    Route("GET", "/zones/ID/ssl/universal/settings", _get_universal_ssl),
    Route("PATCH", "/zones/ID/ssl/universal/settings", _change_universal_ssl),
    Route("GET", "/zones/ID/rulesets", _result(lambda call: _rulesets(call).every())),
    Route("POST", "/zones/ID/rulesets", _create_ruleset),
    Route("GET", "/zones/ID/rulesets/ID", _result(lambda call: _rulesets(call).one(call.id))),
    Route("PUT", "/zones/ID/rulesets/ID", _replace_ruleset),
    Route("DELETE", "/zones/ID/rulesets/ID", _delete_ruleset),
    Route("GET", "/zones/ID/rulesets/phases/ID/entrypoint", _result(lambda call: _rulesets(call).entry_point(call.id))),
    Route("PUT", "/zones/ID/rulesets/phases/ID/entrypoint", _replace_entry_point),
)
