"""Operations on Railway's own domains and on custom domains.

``status`` makes Railway look DNS up, so only what waits for a domain or needs its records asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import AllDomains, CustomDomain, DomainAvailable, ServiceDomain

CUSTOM_DOMAIN_STATUS = """{
      verified verificationDnsHost verificationToken
      certificateStatus certificateErrorMessage certificateRetryable cdnProvider
      dnsRecords { hostlabel fqdn zone recordType purpose requiredValue currentValue status } }"""
_CUSTOM = f"{{ id domain targetPort deletedAt status {CUSTOM_DOMAIN_STATUS} }}"
_SERVICE = "{ id domain targetPort deletedAt }"
_WHERE = {"projectId": "String!", "environmentId": "String!", "serviceId": "String!"}

NO_PROXY: Final = frozenset({None, "", "DETECTED_CDN_PROVIDER_UNSPECIFIED", "UNRECOGNIZED"})
"""The values of ``cdnProvider`` by which Railway has found no proxy before a domain."""

DOMAINS: Operation[AllDomains] = query("domains", _WHERE, f"{{ customDomains {_CUSTOM} serviceDomains {_SERVICE} }}")
CUSTOM_DOMAIN_AVAILABLE: Operation[DomainAvailable] = query(
    "customDomainAvailable", {"domain": "String!"}, "{ available message }"
)
CUSTOM_DOMAIN_CREATE: Operation[CustomDomain] = mutation(
    "customDomainCreate", {"input": "CustomDomainCreateInput!"}, _CUSTOM
)
CUSTOM_DOMAIN_UPDATE: Operation[bool] = mutation(
    "customDomainUpdate", {"id": "String!", "environmentId": "String!", "targetPort": "Int"}, repeatable=True
)
CUSTOM_DOMAIN_DELETE: Operation[bool] = mutation("customDomainDelete", {"id": "String!"}, repeatable=True)
CUSTOM_DOMAIN_ISSUE_CERTIFICATE: Operation[bool] = mutation(
    "customDomainIssueCertificate", {"id": "String!"}, repeatable=True
)
SERVICE_DOMAIN_CREATE: Operation[ServiceDomain] = mutation(
    "serviceDomainCreate", {"input": "ServiceDomainCreateInput!"}, _SERVICE
)
SERVICE_DOMAIN_UPDATE: Operation[bool] = mutation(
    "serviceDomainUpdate", {"input": "ServiceDomainUpdateInput!"}, repeatable=True
)
SERVICE_DOMAIN_DELETE: Operation[bool] = mutation("serviceDomainDelete", {"id": "String!"}, repeatable=True)
