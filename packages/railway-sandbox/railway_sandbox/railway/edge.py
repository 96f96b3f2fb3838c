"""Railway's edge in front of the services: the answer that a visitor of a domain gets.

Owns the answer to a request for a host, and which certificate Railway has for it. No API operation tells it; a sandbox
or a test asks on behalf of a browser. What an application answers is not known here: 200 on its health path and on
``/``, 404 elsewhere.
"""

from __future__ import annotations

from http import HTTPStatus

from railway_sandbox.http_messages import Response
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.domains.certificates import verified
from railway_sandbox.railway.domains.domains import customs, generated
from railway_sandbox.railway.operations import catch_up
from railway_sandbox.railway.records import CustomDomain, Deployment, ServiceDomain, part

EDGE = {"Server": "railway-edge", "X-Railway-Edge": "railway/us-west2"}
FALLBACK = {**EDGE, "X-Railway-Fallback": "true"}
"""Railway marks what it answers itself."""


def visit(cloud: RailwayCloud, host: str, path: str = "/") -> Response:
    """Return the answer for a path of a host."""
    with cloud.lock:
        catch_up(cloud)
        domain = _domain(cloud, host)
        if domain is None or (isinstance(domain, CustomDomain) and not verified(cloud, domain)):
            return _error(HTTPStatus.NOT_FOUND, "Application not found")
        running = deployments.live(cloud, domain.environment_id, domain.service_id)
        if running is None or running.stopped or not _listens(running, domain.target_port):
            return _error(HTTPStatus.BAD_GATEWAY, "Application failed to respond")
        return _application(running, path)


def certificate_name(cloud: RailwayCloud, host: str) -> str | None:
    """Return the name in the certificate that Railway has issued for a custom domain; None while it has none."""
    with cloud.lock:
        catch_up(cloud)
        domain = _domain(cloud, host)
        issued = isinstance(domain, CustomDomain) and domain.issued_at is not None
        return domain.domain if domain and issued else None


def _domain(cloud: RailwayCloud, host: str) -> CustomDomain | ServiceDomain | None:
    """Return the domain of a host: its own, or the wildcard one level above it."""
    domains: list[CustomDomain | ServiceDomain] = [*customs(cloud), *generated(cloud)]
    above = f"*.{host.partition('.')[2]}"
    by_name = {domain.domain: domain for domain in domains if domain.domain in (host, above)}
    return by_name.get(host) or by_name.get(above)


def _listens(running: Deployment, port: int | None) -> bool:
    """Tell whether the application answers on the port that the domain leads to, as far as can be known."""
    own = running.variables.get("PORT")
    return running.failure not in ("unhealthy", "crash") and (port is None or own is None or own == str(port))


def _application(running: Deployment, path: str) -> Response:
    deploy = part(part(running.meta, "serviceManifest"), "deploy")
    answers = path.partition("?")[0] in ("/", deploy.get("healthcheckPath"))
    status = HTTPStatus.OK if answers else HTTPStatus.NOT_FOUND
    return Response(status=status, headers={**EDGE, "Content-Type": "text/plain"}, body=status.phrase.encode())


def _error(status: HTTPStatus, message: str) -> Response:
    return Response.of_json(status, {"status": "error", "code": status.value, "message": message}, FALLBACK)
