"""Verification and certificates of custom domains.

Knows the DNS records that Railway asks for, compares them with the DNS, and derives the status of the domain. The DNS
itself is injected. Records count as right from the first request after they are, since nothing notifies the model.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import Refused, not_found
from railway_sandbox.railway.records import CustomDomain

DNS_RECORDS_AFTER_S = 2.0
"""Seconds for which the status of a new domain is empty."""
ISSUING_AFTER_S = 3.0
CERTIFICATE_AFTER_S = 12.0
"""Seconds until a certificate is issued, from the moment at which the DNS records are right."""
CERTIFICATE_DAYS = 90
SECOND_LEVEL = ("co.uk", "org.uk", "com.au", "co.nz", "co.jp", "com.br")
"""Suffixes of two labels below which names are registered; the full public list is not needed here."""
STATUS = "CERTIFICATE_STATUS_TYPE_"


def zone_of(name: str) -> str:
    """Return the registered domain that a name belongs to."""
    labels = name.removeprefix("*.").split(".")
    return ".".join(labels[-3:] if ".".join(labels[-2:]) in SECOND_LEVEL else labels[-2:])


def host_in_zone(name: str) -> str:
    """Return a name relative to its zone; ``@`` for the zone itself."""
    zone = zone_of(name)
    return "@" if name == zone else name.removesuffix(f".{zone}")


def _beside(prefix: str, domain: CustomDomain) -> str:
    """Return the relative name of a record beside the domain, e.g. ``_railway-verify.www``."""
    host = host_in_zone(domain.domain.removeprefix("*."))
    return prefix if host == "@" else f"{prefix}.{host}"


def verification_name(domain: CustomDomain) -> str:
    """Return the full name of the TXT record that proves ownership."""
    return f"{_beside('_railway-verify', domain)}.{zone_of(domain.domain)}"


def verification_value(domain: CustomDomain) -> str:
    """Return the value that the TXT record needs."""
    return f"railway-verify={domain.token.removeprefix('railway-verify=')}"


def verified(cloud: RailwayCloud, domain: CustomDomain) -> bool:
    """Tell whether the TXT record holds."""
    texts = [value.strip('"') for value in cloud.dns(verification_name(domain), "TXT")]
    return verification_value(domain) in texts


def _cname(cloud: RailwayCloud, name: str) -> str:
    values = cloud.dns(name, "CNAME")
    return values[0].rstrip(".") if values else ""


def _is_configured(cloud: RailwayCloud, domain: CustomDomain) -> bool:
    """Tell whether the DNS is as Railway needs it for a certificate; behind Cloudflare's proxy it never is."""
    if cloud.proxied(domain.domain) or not verified(cloud, domain):
        return False
    return all(record["currentValue"] == record["requiredValue"] for record in _records(cloud, domain))


def observe(cloud: RailwayCloud) -> None:
    """Look at the DNS of every domain without a certificate, and note what has become of it."""
    for domain in cloud.state.custom_domains.values():
        if domain.deleted_at is None and domain.issued_at is None:
            _observe(cloud, domain)


def _observe(cloud: RailwayCloud, domain: CustomDomain) -> None:
    now = cloud.now()
    if not _is_configured(cloud, domain):
        if domain.right_since is not None:
            domain.right_since = domain.failed_at = None
            cloud.touch()
        return
    if domain.right_since is None:
        domain.right_since = now
        cloud.touch()
    due = domain.right_since + CERTIFICATE_AFTER_S
    if now >= due and domain.failed_at is None:
        if _forbidden(cloud, domain) or cloud.state.defects.get(domain.domain) == "certificate":
            domain.failed_at = due
        else:
            domain.issued_at = due
        cloud.touch()


def _forbidden(cloud: RailwayCloud, domain: CustomDomain) -> str | None:
    """Return the name whose CAA records forbid Let's Encrypt a certificate: at the domain, or nearest above it."""
    wildcard, name = domain.domain.startswith("*."), domain.domain.removeprefix("*.")
    while "." in name:
        if issuers := cloud.dns(name, "CAA"):
            wild = [record for record in issuers if wildcard and " issuewild " in record]
            rules = wild or [record for record in issuers if " issue " in record]
            return name if rules and not any(map(_allows, rules)) else None
        name = name.partition(".")[2]
    return None


def _allows(rule: str) -> bool:
    """Tell whether a CAA record names Let's Encrypt as the issuer, whatever its parameters."""
    issuer = rule.partition(" ")[2].partition(" ")[2].strip('"').partition(";")[0]
    return issuer.strip().lower() == "letsencrypt.org"


def _refusal(cloud: RailwayCloud, domain: CustomDomain) -> str:
    """Return Railway's error for a certificate that was not issued."""
    forbidden = _forbidden(cloud, domain)
    return (
        f"CAA record for {forbidden} prevents issuance" if forbidden else "The certificate authority refused the order."
    )


def _certificate_status(cloud: RailwayCloud, domain: CustomDomain) -> str:
    now = cloud.now()
    if now < domain.created_at + DNS_RECORDS_AFTER_S:
        return "UNSPECIFIED"
    if domain.issued_at is not None:
        return "VALID"
    if domain.failed_at is not None:
        return "ISSUE_FAILED"
    if domain.right_since is not None and now >= domain.right_since + ISSUING_AFTER_S:
        return "ISSUING"
    return "VALIDATING_OWNERSHIP"


DETAILED = {
    "UNSPECIFIED": "UNSPECIFIED",
    "VALID": "COMPLETE",
    "ISSUE_FAILED": "FAILED",
    "ISSUING": "POLLING_AUTHORIZATIONS",
    "VALIDATING_OWNERSHIP": "INITIATING_CHALLENGES",
}


def _records(cloud: RailwayCloud, domain: CustomDomain) -> list[dict[str, Any]]:
    records = [_record(cloud, domain, domain.domain, domain.cname_target, "TRAFFIC_ROUTE")]
    if domain.domain.startswith("*."):
        name = f"{_beside('_acme-challenge', domain)}.{zone_of(domain.domain)}"
        records.append(_record(cloud, domain, name, domain.acme_target, "ACME_DNS01_CHALLENGE"))
    # Railway promises no order, so it is not always the same here.
    return sorted(records, key=lambda record: short_of(f"{domain.id}/{record['purpose']}"))


def _record(cloud: RailwayCloud, domain: CustomDomain, name: str, target: str, purpose: str) -> dict[str, Any]:
    hidden = purpose == "TRAFFIC_ROUTE" and cloud.proxied(name)
    current_value = "" if hidden else _cname(cloud, name)
    return {
        "currentValue": current_value,
        "fqdn": name,
        "hostlabel": host_in_zone(name),
        "purpose": f"DNS_RECORD_PURPOSE_{purpose}",
        "recordType": "DNS_RECORD_TYPE_CNAME",
        "requiredValue": target,
        "status": f"DNS_RECORD_STATUS_{'PROPAGATED' if current_value == target else 'REQUIRES_UPDATE'}",
        "zone": zone_of(domain.domain),
    }


def _status(caller: Caller, domain: CustomDomain, _arguments: Arguments) -> dict[str, Any]:
    cloud = caller.cloud
    status = _certificate_status(cloud, domain)
    is_checked = status != "UNSPECIFIED"
    failed = status == "ISSUE_FAILED"
    provider = "CLOUDFLARE" if cloud.proxied(domain.domain) else "UNSPECIFIED"
    return {
        "cdnProvider": f"DETECTED_CDN_PROVIDER_{provider}",
        "certificateErrorMessage": _refusal(cloud, domain) if failed else None,
        "certificateErrorType": "CERTIFICATE_ERROR_TYPE_AUTHORIZATION_FAILED" if failed else None,
        "certificateRetryable": True if failed else None,
        "certificateStatus": STATUS + status,
        "certificateStatusDetailed": f"{STATUS}DETAILED_{DETAILED[status]}",
        "certificates": _certificates(domain),
        "dnsRecords": _records(cloud, domain) if is_checked else [],
        "verificationDnsHost": _beside("_railway-verify", domain) if is_checked else None,
        "verificationToken": domain.token if is_checked else None,
        "verified": is_checked and verified(cloud, domain),
    }


def _certificates(domain: CustomDomain) -> list[dict[str, Any]]:
    if domain.issued_at is None:
        return []
    return [
        {
            "domainNames": [domain.domain],
            "issuedAt": domain.issued_at,
            "expiresAt": domain.issued_at + CERTIFICATE_DAYS * 86_400,
            "fingerprintSha256": short_of(f"{domain.id}/certificate", 64),
            "keyType": "KEY_TYPE_ECDSA",
        }
    ]


def _issue(caller: Caller, arguments: Arguments) -> bool:
    domain = caller.cloud.state.custom_domains.get(arguments["id"])
    if domain is None or domain.deleted_at is not None:
        raise not_found("CustomDomain")
    caller.environment(domain.environment_id)
    if domain.failed_at is None:
        raise Refused("Invalid input: the certificate of this domain has not failed")
    domain.failed_at = None
    domain.right_since = caller.now
    return True


MUTATIONS: Operations = {"customDomainIssueCertificate": _issue}
FIELDS: FieldResolvers = {"CustomDomain.status": _status}
