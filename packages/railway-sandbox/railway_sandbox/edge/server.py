"""The HTTPS server of the simulated Internet: the certificate for a name, and the response.

Simulates Cloudflare's proxy (its certificate, redirect rules, SSL modes and errors) and DigitalOcean's CDN. Railway's
own edge is part of the simulated Railway.
"""

from __future__ import annotations

import ssl
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from railway_sandbox.clouds import Clouds
from railway_sandbox.edge import dns
from railway_sandbox.edge.certificate_authority import CertificateAuthority
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.http_server import Certificate
from railway_sandbox.railway import edge as railway
from railway_sandbox.spaces import wire as spaces

LETS_ENCRYPT: Final = "E7"
GOOGLE: Final = "WE1"
DIGICERT: Final = "GeoTrust TLS RSA CA G1"
NO_SUCH_NAME: Final = ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
"""The alert for a name without an address: clients come here without asking the DNS."""
NO_CERTIFICATE: Final = ssl.AlertDescription.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
"""Cloudflare's TLS alert for a name that its certificates do not cover."""

ERRORS: Final = {
    403: "error code: 1014",
    522: "Connection timed out",
    525: "SSL handshake failed",
    526: "Invalid SSL certificate",
    530: "error code: 1016",
}
"""Cloudflare's own statuses; 403 and 530 carry the number of a DNS error: 1014, the origin is behind
Cloudflare in another account; 1016, it has no address."""


class EdgeServer:
    """Answers the requests of browsers for names of the simulated Internet."""

    def __init__(self, clouds: Clouds, authority: CertificateAuthority) -> None:
        self._clouds = clouds
        self._authority = authority

    def certificate(self, name: str) -> Certificate:
        """Return the certificate that is shown for ``name``."""
        name = dns.plain(name)
        if self._clouds.cloudflare.is_proxied(name):
            if not self._clouds.cloudflare.certificate_covers(name):
                return NO_CERTIFICATE
            zone = self._zone(name)
            return self._authority.context([zone, f"*.{zone}"], GOOGLE)
        end = dns.end(self._clouds, name)
        if end is None or end[0] == "elsewhere":
            return NO_SUCH_NAME
        return self._of_operator(name, *end)

    def _of_operator(self, name: str, operator: dns.Where, last: str) -> Certificate:
        if operator == "railway":
            own = railway.certificate_name(self._clouds.railway, name)
            return self._authority.context([own or "*.up.railway.app"], LETS_ENCRYPT)
        if operator == "cdn" and self._endpoint_of(name):
            return self._authority.context([name], LETS_ENCRYPT)
        return self._authority.context([f"*.{last.partition('.')[2]}"], DIGICERT)

    def answer(self, request: Request) -> Response:
        """Answer one request over HTTPS."""
        name = dns.plain(request.host)
        if self._clouds.cloudflare.is_proxied(name):
            return self._proxied(name, request)
        end = dns.end(self._clouds, name)
        return self._origin(name, end, request) if end else _cloudflare_error(530)

    # Cloudflare's proxy

    def _proxied(self, name: str, request: Request) -> Response:
        zone_id = self._clouds.cloudflare.zone_ids[self._zone(name)]
        if redirect := self._clouds.cloudflare.rulesets(zone_id).redirect(name, request.path, request.query):
            status, address = redirect
            return Response(status=status, headers={"Location": address, "Server": "cloudflare"})
        mode = self._clouds.cloudflare.setting(zone_id, "ssl")["value"]
        if mode == "off":
            return Response(status=301, headers={"Location": f"http://{name}{request.path}", "Server": "cloudflare"})
        end = dns.end(self._clouds, name)
        if end is None:
            return _cloudflare_error(530)
        if end[0] != "railway":
            # DigitalOcean's CDN is behind Cloudflare too, in another account.
            return _cloudflare_error(403 if end[0] == "cdn" else 522)
        if mode == "strict" and not railway.certificate_name(self._clouds.railway, name):
            return _cloudflare_error(526)
        if mode == "flexible":  # Cloudflare asks over plain HTTP, and Railway sends everyone to HTTPS
            response = Response(status=301, headers={"Location": f"https://{name}{request.path}"})
        else:
            response = self._origin(name, end, request)
        return replace(response, headers={**response.headers, "Server": "cloudflare"})

    def _zone(self, name: str) -> str:
        """Return the zone of a proxied name."""
        zone = self._clouds.cloudflare.zone_of(name)
        assert zone is not None
        return zone

    # The servers behind

    def _origin(self, name: str, end: tuple[dns.Where, str], request: Request) -> Response:
        operator, last = end
        if operator == "railway":
            return railway.visit(self._clouds.railway, name, request.path)
        if operator == "elsewhere":
            return _cloudflare_error(522)
        return self._object(name, last, request)

    def _object(self, name: str, last: str, request: Request) -> Response:
        """Return an object of Spaces, through the CDN or not."""
        cached = dns.CDN.fullmatch(last)
        if cached and name != last and not self._endpoint_of(name):
            return Response.of_json(HTTPStatus.FORBIDDEN, {"message": f"{name} is not a name of this CDN endpoint"})
        if cached and not self._served(last):
            return Response.of_json(HTTPStatus.NOT_FOUND, {"message": f"there is no CDN endpoint {last}"})
        origin = last.replace(".cdn.digitaloceanspaces.", ".digitaloceanspaces.")
        headers = {key: value for key, value in request.headers.items() if key != "authorization"}
        response = spaces.respond(
            self._clouds.spaces, Request(method=request.method, host=origin, path=request.path, headers=headers)
        )
        return replace(response, headers={**response.headers, "X-Cdn": "hit"}) if cached else response

    def _endpoint_of(self, name: str) -> bool:
        """Tell whether a CDN endpoint has ``name`` as its own name, with a certificate for it."""
        every = self._clouds.digitalocean.endpoints()
        return any(endpoint["custom_domain"] == name and endpoint["certificate_id"] for endpoint in every)

    def _served(self, name: str) -> bool:
        return any(endpoint["endpoint"] == name for endpoint in self._clouds.digitalocean.endpoints())


def _cloudflare_error(status: int) -> Response:
    text = (
        f"<!DOCTYPE html><title>{status}: {ERRORS[status]}</title><h1>{ERRORS[status]}</h1><p>Error code {status}</p>"
    )
    plain = ERRORS[status].startswith("error code")
    body, kind = (ERRORS[status], "text/plain") if plain else (text, "text/html")
    return Response(
        status=status, headers={"Content-Type": f"{kind}; charset=UTF-8", "Server": "cloudflare"}, body=body.encode()
    )
