"""What a visitor of a domain gets: Railway's edge in front of the services.

Owns the answer to a request for a host. No API operation tells it; a sandbox or a test asks on behalf of a browser.
"""

from __future__ import annotations

from sandbox.railway import deployments
from sandbox.railway.certificates import verified
from sandbox.railway.cloud import RailwayCloud
from sandbox.railway.domains import customs, generated
from sandbox.railway.operations import catch_up
from sandbox.railway.state import CustomDomain, ServiceDomain


def serving(cloud: RailwayCloud, host: str) -> int:
    """The HTTP status for a host: 404 when unknown or not verified, 502 when nothing runs there, otherwise 200."""
    with cloud.lock:
        catch_up(cloud)
        known: list[CustomDomain | ServiceDomain] = [*customs(cloud), *generated(cloud)]
        domain = next((one for one in known if one.domain == host), None)
        if domain is None or (isinstance(domain, CustomDomain) and not verified(cloud, domain)):
            return 404
        running = deployments.live(cloud, domain.environment_id, domain.service_id)
        return 200 if running and not running.stopped else 502
