# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""Railway for Pulumi programs: its resources, and the types that they take and give."""

from .configured_provider import Provider
from .custom_domain import CustomDomain
from .custom_domain_validation import CustomDomainValidation
from .enums import BackupSchedule, Builder, Plan, RestartPolicyType
from .inputs import RegistryCredentialsArgs
from .outputs import RegistryCredentials
from .project import Project
from .service import Service
from .service_domain import ServiceDomain
from .service_instance import ServiceInstance
from .volume import Volume

__all__ = [
    "BackupSchedule",
    "Builder",
    "CustomDomain",
    "CustomDomainValidation",
    "Plan",
    "Project",
    "Provider",
    "RegistryCredentials",
    "RegistryCredentialsArgs",
    "RestartPolicyType",
    "Service",
    "ServiceDomain",
    "ServiceInstance",
    "Volume",
]
