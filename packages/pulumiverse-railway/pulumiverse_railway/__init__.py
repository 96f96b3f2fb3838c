# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""Railway for Pulumi programs: its resources and functions, and the types that they take and give."""

from .bucket import Bucket
from .configured_provider import Provider
from .custom_domain import CustomDomain
from .custom_domain_validation import CustomDomainValidation
from .egress_gateway import EgressGateway
from .enums import (
    AutoUpdates,
    BackupSchedule,
    Builder,
    HtmlCaching,
    NotificationSeverity,
    OnFailure,
    Plan,
    ProjectRole,
    PurgeOnDeploy,
    RestartPolicyType,
    UpdateTags,
)
from .environment import Environment
from .get_environment import GetEnvironmentResult, get_environment, get_environment_output
from .get_estimated_usage import GetEstimatedUsageResult, get_estimated_usage, get_estimated_usage_output
from .get_project import GetProjectResult, get_project, get_project_output
from .get_regions import GetRegionsResult, get_regions, get_regions_output
from .get_service import GetServiceResult, get_service, get_service_output
from .inputs import RegistryCredentialsArgs
from .notification_rule import NotificationRule
from .outputs import ProjectUsage, Region, RegistryCredentials
from .private_network_endpoint import PrivateNetworkEndpoint
from .project import Project
from .project_member import ProjectMember
from .project_token import ProjectToken
from .service import Service
from .service_cdn import ServiceCdn
from .service_domain import ServiceDomain
from .service_instance import ServiceInstance
from .shared_variables import SharedVariables
from .tcp_proxy import TcpProxy
from .usage_limit import UsageLimit
from .variables import Variables
from .volume import Volume

__all__ = [
    "AutoUpdates",
    "BackupSchedule",
    "Bucket",
    "Builder",
    "CustomDomain",
    "CustomDomainValidation",
    "EgressGateway",
    "Environment",
    "GetEnvironmentResult",
    "GetEstimatedUsageResult",
    "GetProjectResult",
    "GetRegionsResult",
    "GetServiceResult",
    "HtmlCaching",
    "NotificationRule",
    "NotificationSeverity",
    "OnFailure",
    "Plan",
    "PrivateNetworkEndpoint",
    "Project",
    "ProjectMember",
    "ProjectRole",
    "ProjectToken",
    "ProjectUsage",
    "Provider",
    "PurgeOnDeploy",
    "Region",
    "RegistryCredentials",
    "RegistryCredentialsArgs",
    "RestartPolicyType",
    "Service",
    "ServiceCdn",
    "ServiceDomain",
    "ServiceInstance",
    "SharedVariables",
    "TcpProxy",
    "UpdateTags",
    "UsageLimit",
    "Variables",
    "Volume",
    "get_environment",
    "get_environment_output",
    "get_estimated_usage",
    "get_estimated_usage_output",
    "get_project",
    "get_project_output",
    "get_regions",
    "get_regions_output",
    "get_service",
    "get_service_output",
]
