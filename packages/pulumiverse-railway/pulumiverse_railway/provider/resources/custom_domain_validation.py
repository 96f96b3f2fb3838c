"""Waits until a custom domain works: ownership is verified, and it is served over HTTPS.

Creates nothing. It is a resource of its own because it can only come after the DNS records, which come after the
CustomDomain whose outputs they hold. Behind a proxy (Cloudflare's) Railway never sees the domain's own traffic and may
never issue a certificate: there Railway has to have verified the domain and found the proxy, and the name has to answer
over HTTPS with a valid certificate, which is asked for as a visitor does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pulumi_provider.declaration import Context, Property, Resource
from pulumiverse_railway import rules
from railway_api import dns, domain_probe
from railway_api.documents.domain import CUSTOM_DOMAIN_ISSUE_CERTIFICATE, NO_PROXY
from railway_api.environment import Environment
from railway_api.errors import Validation
from railway_api.failure import Failure
from railway_api.retries import LAG_S

from .shared.domains import ID_PARTS, TRAFFIC, custom_domain, fully_qualified, next_look, record, verification
from .shared.scopes import ServiceScoped, environment_of, join, split

if TYPE_CHECKING:
    from railway_api.answers import CustomDomain as Domain
    from railway_api.answers import CustomDomainStatus


VALID: Final = "CERTIFICATE_STATUS_TYPE_VALID"
ISSUE_FAILED: Final = "CERTIFICATE_STATUS_TYPE_ISSUE_FAILED"
PROPAGATED: Final = "DNS_RECORD_STATUS_PROPAGATED"
ISSUER: Final = "letsencrypt.org"
"""The issuer of Railway's certificates, as CAA records name it."""
_STATUS_PREFIX: Final = "CERTIFICATE_STATUS_TYPE_"


@dataclass(frozen=True, kw_only=True)
class CustomDomainValidationInputs(ServiceScoped):
    """The domain that is waited for."""

    domain: Annotated[str, Property("The domain of a CustomDomain.", replaces=True, check=rules.hostname)]
    proxied: Annotated[
        bool,
        Property(
            "True if a proxy such as Cloudflare's stands in front of Railway: then a certificate of Railway's own is "
            "not waited for, and the name has to answer over HTTPS instead. Default: false."
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class CustomDomainValidationState(CustomDomainValidationInputs):
    """The status of the domain when it was last waited for."""

    certificate_status: Annotated[
        str,
        Property(
            "VALID, or behind a proxy also ISSUING, VALIDATING_OWNERSHIP or ISSUE_FAILED, when it was waited for "
            "(API: status.certificateStatus)."
        ),
    ]
    verified: Annotated[bool, Property("True if Railway had seen the verification record (API: status.verified).")]


class CustomDomainValidation(Resource[CustomDomainValidationInputs, CustomDomainValidationState]):
    """A custom domain that works. Its id is <project id>/<environment id>/<service id>/<domain>."""

    token = "railway:index:CustomDomainValidation"
    inputs_type, state_type = CustomDomainValidationInputs, CustomDomainValidationState
    default_timeout_s = 3_600.0
    """DNS takes minutes, and Railway says that a certificate may take up to an hour."""

    async def create(
        self, context: Context, new: CustomDomainValidationInputs
    ) -> tuple[str, CustomDomainValidationState]:
        """Wait until the domain works."""
        return join(new.project_id, new.environment_id, new.service_id, new.domain), await _wait(context, new)

    async def read(
        self, context: Context, id: str, old: CustomDomainValidationState | None
    ) -> CustomDomainValidationState | None:
        """Return what is known of it; nothing when it does not work any more: the next run waits for it again.

        What passes by itself is no reason: a certificate that is renewed, a look of Railway's at the DNS that failed.
        """
        project_id, environment_id, service_id, domain = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none(domain_status=True)
        configured = snapshot.custom_domain(service_id, domain) if snapshot else None
        custom: Domain | None = None
        if configured is not None and "status" in configured:
            custom = {**configured, "status": configured["status"]}
        elif configured is not None:
            custom = await custom_domain(environment, service_id, domain)
        if old is not None:
            return old if custom is not None and await _still_works(environment, old, custom) else None
        if custom is None:
            return None
        ids = {"project_id": project_id, "environment_id": environment_id, "service_id": service_id, "domain": domain}
        proxied = custom["status"]["cdnProvider"] not in NO_PROXY
        return _state(CustomDomainValidationInputs(**ids, proxied=proxied), custom)

    async def update(
        self, context: Context, id: str, old: CustomDomainValidationState, new: CustomDomainValidationInputs
    ) -> CustomDomainValidationState:
        """Wait again, for what is asked for now."""
        return await _wait(context, new)

    async def delete(self, context: Context, id: str, old: CustomDomainValidationState) -> None:
        """Do nothing: there is nothing to delete."""


async def _wait(context: Context, new: CustomDomainValidationInputs) -> CustomDomainValidationState:
    environment = environment_of(context, new.project_id, new.environment_id)
    again: _SecondTry | None = None
    environment.poller.hurry_domains()
    while True:
        domain = await next_look(environment, new.service_id, new.domain)
        if domain is None:
            raise Failure(
                f"{new.domain} is not a custom domain of service {new.service_id}: create a CustomDomain first"
            )
        status = domain["status"]
        answer: domain_probe.Answer | None = None
        if _works(status, proxied=new.proxied):
            answer = await domain_probe.visit(_visited(new.domain)) if new.proxied else None
            if answer is None or answer.reached_railway:
                await context.status("verified")
                return _state(new, domain)
        elif status["certificateStatus"] == ISSUE_FAILED and not new.proxied:
            if status["certificateRetryable"] is False or (again and again.is_over(environment)):
                raise Failure(await _refused(new, domain))
            if again is None:
                again = _SecondTry(environment.clock.now())
                await _issue_again(environment, domain["id"])
        elif again:
            again.began = True
        if context.cancelled() or context.deadline.remaining_s() <= 0:
            raise Failure(await _explanation(new, domain, answer))
        await context.status(_waiting_for(status, answer))


def _waiting_for(status: CustomDomainStatus, answer: domain_probe.Answer | None) -> str:
    if answer is not None:
        return f"waiting for HTTPS: {answer.problem}"
    return "waiting for the certificate..." if status["verified"] else "waiting for DNS..."


@dataclass
class _SecondTry:
    """A certificate that was asked for again."""

    asked_at: float
    began: bool = False
    """True once Railway has shown another status than the first failure."""

    def is_over(self, environment: Environment) -> bool:
        """Tell whether a failure that is shown is of this try: right after it Railway may still show the first one."""
        return self.began or environment.clock.now() - self.asked_at > LAG_S


async def _issue_again(environment: Environment, domain_id: str) -> None:
    try:
        await environment.write(CUSTOM_DOMAIN_ISSUE_CERTIFICATE, id=domain_id)
    except Validation:
        # It is not failed any more: this request was sent twice, or another one came first.
        return


def _works(status: CustomDomainStatus, *, proxied: bool) -> bool:
    """Tell whether the domain works as far as Railway can see."""
    if not status["verified"]:
        return False
    return status["certificateStatus"] == VALID or (proxied and status["cdnProvider"] not in NO_PROXY)


async def _still_works(environment: Environment, old: CustomDomainValidationState, domain: Domain) -> bool:
    """Tell whether Railway says so, at the second look if not at the first, or else whether a visitor is answered."""
    if _works(domain["status"], proxied=old.proxied):
        return True
    again = await next_look(environment, old.service_id, old.domain)
    if again is None or _works(again["status"], proxied=old.proxied):
        return again is not None
    failed = again["status"]["certificateStatus"] == ISSUE_FAILED and not old.proxied
    if failed or not again["status"]["verified"]:
        return False
    answer = await domain_probe.visit(_visited(old.domain))
    return answer.reached_railway and answer.proxied == old.proxied


def _visited(domain: str) -> str:
    """Return a name to visit: the domain, or for a wildcard a name below it without a record of its own."""
    return domain.replace("*.", "railway-validation.", 1)


def _state(new: CustomDomainValidationInputs, domain: Domain) -> CustomDomainValidationState:
    status = domain["status"]
    certificate = status["certificateStatus"].removeprefix(_STATUS_PREFIX)
    return CustomDomainValidationState(**asdict(new), certificate_status=certificate, verified=status["verified"])


async def _refused(new: CustomDomainValidationInputs, domain: Domain) -> str:
    why = domain["status"]["certificateErrorMessage"] or "no reason given"
    records = "\n".join(await _wrong_records(new, domain)) or "all its DNS records are right"
    headline = f"no certificate could be issued for {new.domain}: {why}"
    return f"{headline}\n{records}\nnext: correct that and run the command again"


async def _explanation(new: CustomDomainValidationInputs, domain: Domain, answer: domain_probe.Answer | None) -> str:
    """Return what is still missing when the time is over."""
    problems = await _wrong_records(new, domain)
    if answer is not None:
        problems.append(f"{answer.url} does not answer: {answer.problem}")
    if not problems:
        certificate = domain["status"]["certificateStatus"].removeprefix(_STATUS_PREFIX)
        are_right = domain["status"]["dnsRecords"] and "all its DNS records are right"
        problems = [f"{are_right or 'Railway has not made its DNS records yet'}; its certificate is {certificate}"]
    lines = "\n".join(problems)
    return f"{new.domain} does not work yet:\n{lines}\nnext: correct that, or wait for DNS, and run the command again"


async def _wrong_records(new: CustomDomainValidationInputs, domain: Domain) -> list[str]:
    """Return the records that Railway does not see, each with what is there and what has to be there."""
    lines: list[str] = []
    for each in domain["status"]["dnsRecords"]:
        if each["status"] != PROPAGATED and not (new.proxied and each["purpose"] == TRAFFIC):
            kind = each["recordType"].removeprefix("DNS_RECORD_TYPE_")
            name = fully_qualified(each["fqdn"], each["zone"])
            lines.append(
                f"{kind} record {name}: must be {each['requiredValue']}, is {each['currentValue'] or 'nothing'}"
            )
    if new.proxied and domain["status"]["cdnProvider"] in NO_PROXY:
        lines.append(await _unproxied(new, domain))
    elif not new.proxied and (forbidding := await _forbidding(new.domain)):
        lines.append(forbidding)
    proof = verification(domain)
    if proof and not domain["status"]["verified"]:
        lines.append(f"TXT record {proof[0]}: must be {proof[1]}, {await _there(proof[0], proof[1])}")
    return lines


async def _unproxied(new: CustomDomainValidationInputs, domain: Domain) -> str:
    """Return what is wrong with a record that should be proxied and through which Railway sees no proxy."""
    route = record(domain, TRAFFIC)
    now = (route["currentValue"] if route else "") or next(iter(await dns.lookup(new.domain, "CNAME") or ()), "nothing")
    must = f"must be {route['requiredValue']}, proxied" if route else "must be proxied"
    return f"CNAME record {new.domain}: {must}; is {now}, and no proxy. Switch its proxy on, or set proxied to false"


async def _forbidding(domain: str) -> str | None:
    """Return which CAA records forbid Railway's certificate: the nearest ones at or above the name count.

    None when none does, or when the DNS does not answer.
    """
    is_wildcard, name = domain.startswith("*."), domain.removeprefix("*.")
    while "." in name and (records := await dns.lookup(name, "CAA")) is not None:
        if records:
            named = {each: _tag_and_issuer(each) for each in records}
            tag = "issuewild" if is_wildcard and any(each == "issuewild" for each, _ in named.values()) else "issue"
            relevant = [record for record, (each, _) in named.items() if each == tag]
            if not relevant or any(named[record] == (tag, ISSUER) for record in relevant):
                return None
            return f'CAA record {name}: must allow 0 {tag} "{ISSUER}", is {", ".join(relevant)}'
        name = name.partition(".")[2]
    return None


def _tag_and_issuer(caa: str) -> tuple[str, str]:
    """Return the tag of a CAA record, and the domain of the issuer in its value without parameters, in lower case."""
    _, tag, value = [*caa.split(maxsplit=2), "", "", ""][:3]
    return tag.lower(), value.strip('"').partition(";")[0].strip().lower()


async def _there(name: str, expected: str) -> str:
    """Return what the public DNS holds, which Railway does not show of TXT records."""
    texts = await dns.lookup(name, "TXT")
    if texts is None:
        return "and Railway does not see it"
    if expected in texts:
        return "and is so; Railway has not seen it yet"
    return f"is {', '.join(texts) or 'nothing'}"
