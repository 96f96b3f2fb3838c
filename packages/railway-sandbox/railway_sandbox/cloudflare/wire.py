"""Cloudflare's API v4 over HTTP: paths, envelope, filters and pages.

Owns the translation between requests and the model. What is not simulated is answered with 501 and its name, never
with something that looks like success.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from railway_sandbox.addresses import CLOUDFLARE_PATH
from railway_sandbox.cloudflare import errors
from railway_sandbox.cloudflare.model import CloudflareCloud
from railway_sandbox.http_messages import Request, Response, UnreadableBodyError

PREFIX: Final = CLOUDFLARE_PATH

RETRIED_STATUSES: Final = frozenset({408, 409, 429})
"""Cloudflare's own client retries these and every 5xx, for minutes unless a header tells it not to."""

Handler = Callable[[CloudflareCloud, Request, Sequence[str]], Response]


def respond(cloud: CloudflareCloud, request: Request) -> Response:
    """Answer one request; the model's refusals become Cloudflare's envelope."""
    try:
        if not request.bearer_token():
            raise errors.no_credentials()
        return _dispatch(cloud, request)
    except UnreadableBodyError as problem:
        return refusal(errors.unreadable(str(problem)))
    except errors.RefusedError as refused:
        return refusal(refused)


def refusal(refused: errors.RefusedError) -> Response:
    """Return Cloudflare's envelope for an error; it says that a retry is useless: the answer would be the same."""
    envelope = {
        "success": False,
        "errors": [{"code": refused.code, "message": refused.message}],
        "messages": [],
        "result": None,
    }
    retried = refused.status in RETRIED_STATUSES or refused.status >= 500
    return Response.of_json(refused.status, envelope, {"x-should-retry": "false"} if retried else None)


def _dispatch(cloud: CloudflareCloud, request: Request) -> Response:
    path = request.path.removeprefix(PREFIX).rstrip("/")
    known = False
    for method, pattern, handler in ROUTES:
        match = pattern.fullmatch(path)
        if match and method == request.method:
            return handler(cloud, request, match.groups())
        known = known or match is not None
    if known:
        raise errors.method_not_allowed(request.method)
    if re.fullmatch(r"/zones/\w+/.+", path):
        raise errors.not_simulated(f"{request.method} {path}")
    raise errors.no_route(path)


def _success(result: object) -> Response:
    return Response.of_json(200, {"success": True, "errors": [], "messages": [], "result": result})


def _page(request: Request, found: Sequence[object], *, per_page: int) -> Response:
    size = request.number("per_page", per_page)
    page = request.number("page", 1)
    shown = list(found[(page - 1) * size : page * size])
    info = {
        "page": page,
        "per_page": size,
        "count": len(shown),
        "total_count": len(found),
        "total_pages": -(-len(found) // size),
    }
    envelope = {"success": True, "errors": [], "messages": [], "result": shown, "result_info": info}
    return Response.of_json(200, envelope)


def _verify_token(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del cloud, request, ids
    return _success({"id": "70ce0000000000000000000000000001", "status": "active"})


def _list_zones(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del ids
    return _page(request, cloud.zones(request.parameters().get("name")), per_page=20)


def _get_zone(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    return _success(cloud.zone(ids[0]))


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


def _list_records(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    sent = request.parameters()
    wanted = {field: sent[parameter] for parameter, field in RECORD_FILTERS.items() if parameter in sent}
    return _page(request, cloud.records(ids[0], **wanted), per_page=100)


def _create_record(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    return _success(cloud.create_record(ids[0], request.json_object()))


def _get_record(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    return _success(cloud.record(ids[0], ids[1]))


def _replace_record(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    return _success(cloud.replace_record(ids[0], ids[1], request.json_object()))


def _change_record(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    return _success(cloud.change_record(ids[0], ids[1], request.json_object()))


def _delete_record(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    cloud.delete_record(ids[0], ids[1])
    return _success({"id": ids[1]})


def _list_settings(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    return _success(cloud.settings(ids[0]))


def _get_setting(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    return _success(cloud.setting(ids[0], ids[1]))


def _change_setting(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    return _success(cloud.change_setting(ids[0], ids[1], request.json_object().get("value")))


def _get_universal_ssl(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    return _success({"enabled": cloud.universal_ssl(ids[0]), "certificate_authority": "lets_encrypt"})


def _change_universal_ssl(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    enabled: Any = request.json_object().get("enabled")
    if not isinstance(enabled, bool):
        raise errors.invalid_setting("universal ssl")
    cloud.change_universal_ssl(ids[0], enabled=enabled)
    return _get_universal_ssl(cloud, request, ids)


def _list_rulesets(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    return _success(cloud.rulesets(ids[0]).every())


def _create_ruleset(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    return _success(cloud.rulesets(ids[0]).create(request.json_object(), dry_run=_is_dry_run(request)))


def _get_ruleset(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    return _success(cloud.rulesets(ids[0]).one(ids[1]))


def _replace_ruleset(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    return _success(cloud.rulesets(ids[0]).replace(ids[1], request.json_object(), dry_run=_is_dry_run(request)))


def _delete_ruleset(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    cloud.rulesets(ids[0]).delete(ids[1])
    return Response(status=204)


def _get_entry_point(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    del request
    return _success(cloud.rulesets(ids[0]).entry_point(ids[1]))


def _replace_entry_point(cloud: CloudflareCloud, request: Request, ids: Sequence[str]) -> Response:
    rulesets, dry_run = cloud.rulesets(ids[0]), _is_dry_run(request)
    return _success(rulesets.replace_entry_point(ids[1], request.json_object(), dry_run=dry_run))


def _is_dry_run(request: Request) -> bool:
    return request.parameters().get("dry_run") == "true"


def _route(method: str, path: str, handler: Handler) -> tuple[str, re.Pattern[str], Handler]:
    return method, re.compile(path.replace("ID", r"([\w-]+)")), handler


ROUTES: Final = (
    _route("GET", "/user/tokens/verify", _verify_token),
    _route("GET", "/zones", _list_zones),
    _route("GET", "/zones/ID", _get_zone),
    _route("GET", "/zones/ID/dns_records", _list_records),
    _route("POST", "/zones/ID/dns_records", _create_record),
    _route("GET", "/zones/ID/dns_records/ID", _get_record),
    _route("PUT", "/zones/ID/dns_records/ID", _replace_record),
    _route("PATCH", "/zones/ID/dns_records/ID", _change_record),
    _route("DELETE", "/zones/ID/dns_records/ID", _delete_record),
    _route("GET", "/zones/ID/settings", _list_settings),
    _route("GET", "/zones/ID/settings/ID", _get_setting),
    _route("PATCH", "/zones/ID/settings/ID", _change_setting),
    _route("GET", "/zones/ID/ssl/universal/settings", _get_universal_ssl),
    _route("PATCH", "/zones/ID/ssl/universal/settings", _change_universal_ssl),
    _route("GET", "/zones/ID/rulesets", _list_rulesets),
    _route("POST", "/zones/ID/rulesets", _create_ruleset),
    _route("GET", "/zones/ID/rulesets/ID", _get_ruleset),
    _route("PUT", "/zones/ID/rulesets/ID", _replace_ruleset),
    _route("DELETE", "/zones/ID/rulesets/ID", _delete_ruleset),
    _route("GET", "/zones/ID/rulesets/phases/ID/entrypoint", _get_entry_point),
    _route("PUT", "/zones/ID/rulesets/phases/ID/entrypoint", _replace_entry_point),
)
