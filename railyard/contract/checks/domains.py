"""Points on domains."""

from __future__ import annotations

import re
from typing import Final

from railway_api.documents.domain import CUSTOM_DOMAIN_CREATE, DOMAINS, SERVICE_DOMAIN_UPDATE
from railway_api.errors import RailwayError
from railyard.contract.doubtful_point import Verdict, doubtful_point, verdict
from railyard.contract.project_under_test import ProjectUnderTest

_TOKEN: Final = re.compile(r"(railway-verify=)?[0-9A-Za-z_-]+")
EXAMPLE: Final = "example.com"
"""The zone of the custom domain: reserved for examples, and of nobody. No record is ever made there."""


@doubtful_point(
    15,
    "Can the name of a Railway domain be changed?",
    assumed="it can",
    change=("resources/service_domain.py", "railway/domains/domains.py"),
    requests=40,
)
async def rename_domain(project: ProjectUnderTest) -> Verdict:
    """Ask a domain of Railway's to take another name."""
    service = await project.service("renamed-domain")
    domain = await project.service_domain(service)
    name = f"{project.name}.{domain['domain'].partition('.')[2]}"
    domain_input = {"serviceDomainId": domain["id"], "environmentId": project.environment_id, "serviceId": service}
    try:
        await project.call(SERVICE_DOMAIN_UPDATE, input={**domain_input, "domain": name, "targetPort": 80})
    except RailwayError as refused:
        return verdict((False, f"refused: {refused.reason}"))

    async def changed() -> bool:
        return (await project.snapshot()).service_domain(service, name) is not None

    renamed = await project.appears(changed)
    return verdict((renamed, f"Railway agreed, and the name is {'the new' if renamed else 'still the old'} one"))


@doubtful_point(
    16,
    "Does the verification token carry its prefix?",
    assumed="with the prefix railway-verify= or without any",
    change=("resources/shared/domains.py", "railway/domains/domains.py"),
)
async def verification_token(project: ProjectUnderTest) -> Verdict:
    """Make two custom domains that nobody owns, and look at the tokens that Railway gives for them."""
    service = await project.service("custom-domain")
    for label in ("a", "b"):
        domain_input = {
            **project.ids,
            "serviceId": service,
            "domain": f"{label}.{project.name}.{EXAMPLE}",
            "targetPort": 80,
        }
        await project.retried(lambda domain_input=domain_input: project.call(CUSTOM_DOMAIN_CREATE, input=domain_input))

    async def tokens() -> list[str | None]:
        domains = (await project.call(DOMAINS, **project.ids, serviceId=service))["customDomains"]
        return [each["status"]["verificationToken"] for each in domains]

    async def issued() -> bool:
        return all(await tokens())

    if not await project.appears(issued):
        return Verdict.unknown("Railway gave no token yet")
    listed = [each or "" for each in await tokens()]
    forms = sorted({_form(token) for token in listed})
    return verdict((all(_TOKEN.fullmatch(each) for each in listed), f"the token is given {' and '.join(forms)}"))


def _form(token: str) -> str:
    if "=" not in token:
        return "without a prefix"
    return f"with the prefix {token.partition('=')[0]}="


POINTS = (rename_domain, verification_token)
