"""Types of what Railway answers, one for each thing that a document selects.

Generated from railway_api/documents and Railway's schema by tools/railway_answers.py: do not edit.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

from railway_api.relay import Connection, FirstPage, Page
from railway_api.scalars import DeploymentMeta, EnvironmentConfig, Json

CDNProvider: TypeAlias = Literal[
    "DETECTED_CDN_PROVIDER_CLOUDFLARE",
    "DETECTED_CDN_PROVIDER_UNSPECIFIED",
    "UNRECOGNIZED",
]
CertificateStatus: TypeAlias = Literal[
    "CERTIFICATE_STATUS_TYPE_ISSUE_FAILED",
    "CERTIFICATE_STATUS_TYPE_ISSUING",
    "CERTIFICATE_STATUS_TYPE_UNSPECIFIED",
    "CERTIFICATE_STATUS_TYPE_VALID",
    "CERTIFICATE_STATUS_TYPE_VALIDATING_OWNERSHIP",
    "UNRECOGNIZED",
]
DNSRecordPurpose: TypeAlias = Literal[
    "DNS_RECORD_PURPOSE_ACME_DNS01_CHALLENGE",
    "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE",
    "DNS_RECORD_PURPOSE_UNSPECIFIED",
    "UNRECOGNIZED",
]
DNSRecordStatus: TypeAlias = Literal[
    "DNS_RECORD_STATUS_PROPAGATED",
    "DNS_RECORD_STATUS_REQUIRES_UPDATE",
    "DNS_RECORD_STATUS_UNSPECIFIED",
    "UNRECOGNIZED",
]
DNSRecordType: TypeAlias = Literal[
    "DNS_RECORD_TYPE_A",
    "DNS_RECORD_TYPE_CNAME",
    "DNS_RECORD_TYPE_NS",
    "DNS_RECORD_TYPE_TXT",
    "DNS_RECORD_TYPE_UNSPECIFIED",
    "UNRECOGNIZED",
]
DeploymentEventStep: TypeAlias = Literal[
    "BUILD_IMAGE",
    "CONFIGURE_NETWORK",
    "CREATE_CONTAINER",
    "DRAIN_INSTANCES",
    "HEALTHCHECK",
    "MIGRATE_VOLUMES",
    "PRE_DEPLOY_COMMAND",
    "PUBLISH_IMAGE",
    "SNAPSHOT_CODE",
    "WAIT_FOR_DEPENDENCIES",
]
DeploymentStatus: TypeAlias = Literal[
    "BUILDING",
    "CRASHED",
    "DEPLOYING",
    "FAILED",
    "INITIALIZING",
    "NEEDS_APPROVAL",
    "QUEUED",
    "REMOVED",
    "REMOVING",
    "SKIPPED",
    "SLEEPING",
    "SUCCESS",
    "WAITING",
]
EnvironmentPatchStatus: TypeAlias = Literal["APPLYING", "COMMITTED", "FAILED", "STAGED"]
MetricMeasurement: TypeAlias = Literal[
    "BACKUP_USAGE_GB",
    "CPU_LIMIT",
    "CPU_USAGE",
    "CPU_USAGE_2",
    "DISK_USAGE_GB",
    "EPHEMERAL_DISK_USAGE_GB",
    "MEASUREMENT_UNSPECIFIED",
    "MEMORY_LIMIT_GB",
    "MEMORY_USAGE_GB",
    "NETWORK_RX_GB",
    "NETWORK_TX_GB",
    "UNRECOGNIZED",
]
NotificationSeverity: TypeAlias = Literal["CRITICAL", "INFO", "NOTICE", "WARNING"]
Plan: TypeAlias = Literal["FREE", "HOBBY", "PRO"]
PrivateNetworkEndpointSyncStatus: TypeAlias = Literal[
    "ACTIVE",
    "CREATING",
    "DELETED",
    "DELETING",
    "UNSPECIFIED",
    "UPDATING",
]
ProjectRole: TypeAlias = Literal["ADMIN", "MEMBER", "VIEWER"]
PurgeOnDeploy: TypeAlias = Literal["ALL", "HTML", "OFF"]
SubscriptionPlanType: TypeAlias = Literal["free", "hobby", "pro", "trial"]
VolumeInstanceBackupScheduleKind: TypeAlias = Literal["DAILY", "MONTHLY", "WEEKLY"]
VolumeState: TypeAlias = Literal[
    "DELETED",
    "DELETING",
    "ERROR",
    "MIGRATING",
    "MIGRATION_PENDING",
    "READY",
    "RESTORING",
    "UPDATING",
]
WorkflowStatus: TypeAlias = Literal["Complete", "Error", "NotFound", "Running"]


class AccountProjects(TypedDict):
    """Hold the answer to accountProjects."""

    apiToken: ApiTokenContext
    projects: Page[Project]


class AggregatedUsage(TypedDict):
    """Hold the fields selected by usage."""

    measurement: MetricMeasurement
    value: float
    tags: MetricTagsOfAggregatedUsage


class AllDomains(TypedDict):
    """Hold the fields selected by domains, environmentRunning, ..."""

    customDomains: list[CustomDomain]
    serviceDomains: list[ServiceDomain]


class AllDomainsOfServiceInstance(TypedDict):
    """Hold the fields selected by environmentSnapshot."""

    serviceDomains: list[ServiceDomain]
    customDomains: list[CustomDomainOfAllDomains]


class ApiTokenContext(TypedDict):
    """Hold the fields selected by apiToken, accountProjects."""

    workspaces: list[ApiTokenWorkspace]


class ApiTokenRateLimit(TypedDict):
    """Hold the fields selected by workspace."""

    remainingPoints: int
    resetsAt: str


class ApiTokenWorkspace(TypedDict):
    """Hold the fields selected by apiToken, accountProjects."""

    id: str
    name: str


class Bucket(TypedDict):
    """Hold the fields selected by environmentSnapshot, environmentAdopted, ..."""

    id: str
    name: str


class BucketInstanceDetails(TypedDict):
    """Hold the fields selected by bucketInstanceDetails."""

    objectCount: int | str


class BucketS3CompatibleCredentials(TypedDict):
    """Hold the fields selected by bucketS3Credentials."""

    accessKeyId: str
    secretAccessKey: str
    bucketName: str
    endpoint: str
    region: str
    urlStyle: str
    createdAt: str


class BuildLogsLines(TypedDict):
    """Hold the answer to buildLogsLines."""

    deployment: DeploymentInBuildLogsLines
    buildLogs: list[Log]


class CustomDomain(TypedDict):
    """Hold the fields selected by domains, customDomainCreate, ..."""

    id: str
    domain: str
    targetPort: int | None
    deletedAt: str | None
    status: CustomDomainStatus


class CustomDomainOfAllDomains(TypedDict):
    """Hold the fields selected by environmentSnapshot."""

    id: str
    domain: str
    targetPort: int | None
    deletedAt: str | None
    status: NotRequired[CustomDomainStatus]


class CustomDomainStatus(TypedDict):
    """Hold the fields selected by domains, customDomainCreate, ..."""

    verified: bool
    verificationDnsHost: str | None
    verificationToken: str | None
    certificateStatus: CertificateStatus
    certificateErrorMessage: str | None
    certificateRetryable: bool | None
    cdnProvider: CDNProvider | None
    dnsRecords: list[DNSRecords]


class Customer(TypedDict):
    """Hold the fields selected by usageLimitOfWorkspace."""

    id: str
    usageLimit: UsageLimit | None


class DNSRecords(TypedDict):
    """Hold the fields selected by domains, customDomainCreate, ..."""

    hostlabel: str
    fqdn: str
    zone: str
    recordType: DNSRecordType
    purpose: DNSRecordPurpose
    requiredValue: str
    currentValue: str
    status: DNSRecordStatus


class Deployment(TypedDict):
    """Hold the fields selected by deployments."""

    id: str
    status: DeploymentStatus
    createdAt: str
    statusUpdatedAt: str | None
    canRollback: bool
    deploymentStopped: bool
    meta: DeploymentMeta | None


class DeploymentEvent(TypedDict):
    """Hold the fields selected by deploymentLogTails."""

    step: DeploymentEventStep
    payload: DeploymentEventPayload | None


class DeploymentEventPayload(TypedDict):
    """Hold the fields selected by deploymentLogTails."""

    error: str | None


class DeploymentInBuildLogsLines(TypedDict):
    """Hold the fields selected by buildLogsLines, deploymentLogsLines."""

    id: str
    status: DeploymentStatus
    createdAt: str
    serviceId: str | None
    environmentId: str


class DeploymentInDeployment(TypedDict):
    """Hold the fields selected by deployment."""

    id: str
    status: DeploymentStatus
    createdAt: str
    meta: DeploymentMeta | None


class DeploymentInEnvironmentRunning(TypedDict):
    """Hold the fields selected by environmentRunning, environmentAdopted, ..."""

    id: str
    status: DeploymentStatus
    createdAt: str
    deploymentStopped: bool
    meta: DeploymentMeta | None


class DeploymentInEnvironmentSnapshot(TypedDict):
    """Hold the fields selected by environmentSnapshot, environmentProgress."""

    id: str
    status: DeploymentStatus
    createdAt: str


class DeploymentLogTails(TypedDict):
    """Hold the answer to deploymentLogTails."""

    buildLogs: list[Log]
    deploymentLogs: list[Log]
    deploymentEvents: Connection[DeploymentEvent]


class DeploymentLogsLines(TypedDict):
    """Hold the answer to deploymentLogsLines."""

    deployment: DeploymentInBuildLogsLines
    deploymentLogs: list[Log]


class DeploymentTrigger(TypedDict):
    """Hold the fields selected by environmentSnapshot, environmentAdopted."""

    id: str
    serviceId: str | None
    repository: str
    branch: str
    checkSuites: bool


class DomainAvailable(TypedDict):
    """Hold the fields selected by customDomainAvailable."""

    available: bool
    message: str


class EdgeCachingConfig(TypedDict):
    """Hold the fields selected by serviceInstance, enableServiceCdn, ..."""

    mode: str
    defaultTtlSeconds: int
    htmlCaching: str
    purgeOnDeploy: PurgeOnDeploy
    staleWhileRevalidate: StaleWhileRevalidateConfig


class EdgeConfig(TypedDict):
    """Hold the fields selected by serviceInstance, enableServiceCdn, ..."""

    enabled: bool
    caching: EdgeCachingConfig | None


class EgressGateway(TypedDict):
    """Hold the fields selected by egressGateways, egressGatewayAssociationCreate."""

    ipv4: str
    region: str
    zone: str | None


class Environment(TypedDict):
    """Hold the fields selected by environment."""

    id: str
    name: str
    deletedAt: str | None
    config: EnvironmentConfig
    serviceInstances: FirstPage[ServiceInstanceInEnvironment]
    volumeInstances: FirstPage[VolumeInstanceInEnvironment]


class EnvironmentAdopted(TypedDict):
    """Hold the answer to environmentAdopted."""

    project: ProjectInEnvironmentSnapshot
    environment: EnvironmentInEnvironmentAdopted
    environmentPatches: Connection[EnvironmentPatchInEnvironmentSnapshot]


class EnvironmentInEnvironment(TypedDict):
    """Hold the fields selected by environment."""

    variables: FirstPage[Variable]


class EnvironmentInEnvironmentAdopted(TypedDict):
    """Hold the fields selected by environmentAdopted."""

    id: str
    name: str
    deletedAt: str | None
    configEtag: str
    unmergedChangesCount: int | None
    config: EnvironmentConfig
    serviceInstances: FirstPage[ServiceInstanceInEnvironmentRunning]
    volumeInstances: FirstPage[VolumeInstanceInEnvironmentSnapshot]
    deploymentTriggers: FirstPage[DeploymentTrigger]


class EnvironmentInEnvironmentProgress(TypedDict):
    """Hold the fields selected by environmentProgress."""

    id: str
    configEtag: str
    serviceInstances: Connection[ServiceInstanceInEnvironmentProgress]


class EnvironmentInEnvironmentRename(TypedDict):
    """Hold the fields selected by environmentRename."""

    id: str
    name: str


class EnvironmentInEnvironmentRunning(TypedDict):
    """Hold the fields selected by environmentRunning."""

    id: str
    name: str
    deletedAt: str | None
    config: EnvironmentConfig
    serviceInstances: FirstPage[ServiceInstanceInEnvironmentRunning]
    volumeInstances: FirstPage[VolumeInstanceInEnvironmentRunning]


class EnvironmentInEnvironmentSnapshot(TypedDict):
    """Hold the fields selected by environmentSnapshot."""

    id: str
    name: str
    deletedAt: str | None
    configEtag: str
    unmergedChangesCount: int | None
    config: EnvironmentConfig
    serviceInstances: FirstPage[ServiceInstanceInEnvironmentSnapshot]
    volumeInstances: FirstPage[VolumeInstanceInEnvironmentSnapshot]
    deploymentTriggers: FirstPage[DeploymentTrigger]


class EnvironmentInEnvironments(TypedDict):
    """Hold the fields selected by environments, environmentCreate."""

    id: str
    name: str
    isEphemeral: bool
    deletedAt: str | None
    sourceEnvironment: EnvironmentOfEnvironment | None


class EnvironmentOfEnvironment(TypedDict):
    """Hold the fields selected by environments, environmentCreate."""

    id: str


class EnvironmentOfProject(TypedDict):
    """Hold the fields selected by environmentSnapshot, projects, ..."""

    id: str
    name: str
    deletedAt: str | None


class EnvironmentPatch(TypedDict):
    """Hold the fields selected by environmentStagedChanges, environmentPatch."""

    message: str | None
    patch: EnvironmentConfig


class EnvironmentPatchInEnvironmentSnapshot(TypedDict):
    """Hold the fields selected by environmentSnapshot, environmentProgress, ..."""

    id: str
    status: EnvironmentPatchStatus
    message: str | None
    createdAt: str
    lastAppliedError: str | None


class EnvironmentPatchInEnvironmentStageChanges(TypedDict):
    """Hold the fields selected by environmentStageChanges."""

    id: str


class EnvironmentProgress(TypedDict):
    """Hold the answer to environmentProgress."""

    environmentPatches: Connection[EnvironmentPatchInEnvironmentSnapshot]
    environment: EnvironmentInEnvironmentProgress


class EnvironmentRunning(TypedDict):
    """Hold the answer to environmentRunning."""

    project: ProjectInEnvironmentRunning
    environment: EnvironmentInEnvironmentRunning


class EnvironmentSnapshot(TypedDict):
    """Hold the answer to environmentSnapshot."""

    project: ProjectInEnvironmentSnapshot
    environment: EnvironmentInEnvironmentSnapshot
    environmentPatches: Connection[EnvironmentPatchInEnvironmentSnapshot]


class EstimatedUsage(TypedDict):
    """Hold the fields selected by estimatedUsage."""

    projectId: str
    measurement: MetricMeasurement
    estimatedValue: float


class GitHubAccess(TypedDict):
    """Hold the fields selected by gitHubRepoAccessAvailable."""

    hasAccess: bool
    isPublic: bool


class Log(TypedDict):
    """Hold the fields selected by deploymentLogTails, buildLogsLines, ..."""

    message: str
    severity: str | None
    timestamp: str


class Metric(TypedDict):
    """Hold the fields selected by metrics."""

    ts: int
    value: float


class MetricTagsOfAggregatedUsage(TypedDict):
    """Hold the fields selected by usage."""

    environmentId: str | None
    serviceId: str | None


class MetricTagsOfMetricsResult(TypedDict):
    """Hold the fields selected by metrics."""

    serviceId: str | None


class MetricsResult(TypedDict):
    """Hold the fields selected by metrics."""

    measurement: MetricMeasurement
    tags: MetricTagsOfMetricsResult
    values: list[Metric]


class NotificationChannel(TypedDict):
    """Hold the fields selected by notificationRules, notificationRuleCreate, ..."""

    id: str
    config: Json


class NotificationRule(TypedDict):
    """Hold the fields selected by notificationRules, notificationRuleCreate, ..."""

    id: str
    workspaceId: str
    projectId: str | None
    eventTypes: list[str]
    severities: list[NotificationSeverity]
    ephemeralEnvironments: bool | None
    channels: list[NotificationChannel]


class PrivateNetwork(TypedDict):
    """Hold the fields selected by privateNetworks."""

    publicId: str
    name: str
    deletedAt: str | None


class PrivateNetworkEndpoint(TypedDict):
    """Hold the fields selected by privateNetworkEndpoint."""

    publicId: str
    dnsName: str
    newDnsName: str | None
    syncStatus: PrivateNetworkEndpointSyncStatus
    deletedAt: str | None


class Project(TypedDict):
    """Hold the fields selected by projects, accountProjects, ..."""

    id: str
    name: str
    description: str | None
    workspaceId: str | None
    primaryEnvironmentId: str | None
    deletedAt: str | None
    prDeploys: bool
    botPrEnvironments: bool
    focusedPrEnvironments: bool
    tracingEnabled: bool
    tracingSampleRate: float | None
    environments: FirstPage[EnvironmentOfProject]


class ProjectInEnvironmentRunning(TypedDict):
    """Hold the fields selected by environmentRunning."""

    id: str
    name: str
    deletedAt: str | None
    subscriptionType: SubscriptionPlanType
    environments: FirstPage[EnvironmentOfProject]
    services: FirstPage[ServiceInEnvironmentRunning]
    volumes: FirstPage[VolumeOfProject]


class ProjectInEnvironmentSnapshot(TypedDict):
    """Hold the fields selected by environmentSnapshot, environmentAdopted."""

    id: str
    name: str
    description: str | None
    workspaceId: str | None
    primaryEnvironmentId: str | None
    deletedAt: str | None
    prDeploys: bool
    botPrEnvironments: bool
    focusedPrEnvironments: bool
    tracingEnabled: bool
    tracingSampleRate: float | None
    environments: FirstPage[EnvironmentOfProject]
    services: FirstPage[ServiceInEnvironmentSnapshot]
    volumes: FirstPage[VolumeOfProject]
    buckets: FirstPage[Bucket]


class ProjectInProjectUpdate(TypedDict):
    """Hold the fields selected by projectUpdate."""

    id: str
    name: str
    description: str | None
    workspaceId: str | None
    primaryEnvironmentId: str | None
    deletedAt: str | None
    prDeploys: bool
    botPrEnvironments: bool
    focusedPrEnvironments: bool
    tracingEnabled: bool
    tracingSampleRate: float | None


class ProjectMember(TypedDict):
    """Hold the fields selected by projectMembers, projectMemberAdd, ..."""

    id: str
    email: str
    name: str | None
    role: ProjectRole


class ProjectMemberInProjectMemberRemove(TypedDict):
    """Hold the fields selected by projectMemberRemove."""

    id: str


class ProjectToken(TypedDict):
    """Hold the fields selected by projectTokens."""

    id: str
    name: str
    environmentId: str
    displayToken: str
    createdAt: str


class ProjectTokenInProjectToken(TypedDict):
    """Hold the fields selected by projectToken."""

    projectId: str
    environmentId: str


class Region(TypedDict):
    """Hold the fields selected by regions."""

    name: str
    location: str
    country: str
    deploymentConstraints: RegionDeploymentConstraints | None


class RegionDeploymentConstraints(TypedDict):
    """Hold the fields selected by regions."""

    deprecationInfo: RegionDeprecationInfo | None


class RegionDeprecationInfo(TypedDict):
    """Hold the fields selected by regions."""

    isDeprecated: bool
    replacementRegion: str


class Service(TypedDict):
    """Hold the fields selected by serviceCreate, serviceUpdate."""

    id: str
    name: str
    icon: str | None
    deletedAt: str | None
    tracingEnabled: bool | None
    autoInstrumentationEnabled: bool
    projectId: str


class ServiceDomain(TypedDict):
    """Hold the fields selected by domains, serviceDomainCreate, ..."""

    id: str
    domain: str
    targetPort: int | None
    deletedAt: str | None


class ServiceInEnvironmentRunning(TypedDict):
    """Hold the fields selected by environmentRunning."""

    id: str
    name: str
    deletedAt: str | None


class ServiceInEnvironmentSnapshot(TypedDict):
    """Hold the fields selected by environmentSnapshot, environmentAdopted."""

    id: str
    name: str
    icon: str | None
    deletedAt: str | None
    tracingEnabled: bool | None
    autoInstrumentationEnabled: bool


class ServiceInstance(TypedDict):
    """Hold the fields selected by serviceInstance."""

    edgeConfig: EdgeConfig | None


class ServiceInstanceInEnvironment(TypedDict):
    """Hold the fields selected by environment."""

    id: str
    serviceId: str
    serviceName: str
    deletedAt: str | None
    railwayConfigFile: str | None
    latestDeployment: DeploymentInEnvironmentRunning | None
    activeDeployments: list[DeploymentInEnvironmentRunning]
    domains: AllDomains


class ServiceInstanceInEnvironmentProgress(TypedDict):
    """Hold the fields selected by environmentProgress."""

    serviceId: str
    latestDeployment: DeploymentInEnvironmentSnapshot | None


class ServiceInstanceInEnvironmentRunning(TypedDict):
    """Hold the fields selected by environmentRunning, environmentAdopted."""

    id: str
    serviceId: str
    deletedAt: str | None
    railwayConfigFile: str | None
    latestDeployment: DeploymentInEnvironmentRunning | None
    activeDeployments: list[DeploymentInEnvironmentRunning]
    domains: AllDomains


class ServiceInstanceInEnvironmentSnapshot(TypedDict):
    """Hold the fields selected by environmentSnapshot."""

    id: str
    serviceId: str
    deletedAt: str | None
    latestDeployment: DeploymentInEnvironmentSnapshot | None
    domains: AllDomainsOfServiceInstance


class SshPublicKey(TypedDict):
    """Hold the fields selected by sshPublicKeys, sshPublicKeyCreate."""

    id: str
    name: str
    publicKey: str
    createdAt: str


class StaleWhileRevalidateConfig(TypedDict):
    """Hold the fields selected by serviceInstance, enableServiceCdn, ..."""

    enabled: bool


class TCPProxy(TypedDict):
    """Hold the fields selected by tcpProxies, tcpProxyCreate."""

    id: str
    applicationPort: int
    domain: str
    proxyPort: int
    deletedAt: str | None


class UsageLimit(TypedDict):
    """Hold the fields selected by usageLimitOfWorkspace."""

    softLimit: int
    hardLimit: int | None


class UsageLimitOfWorkspace(TypedDict):
    """Hold the answer to usageLimitOfWorkspace."""

    workspace: WorkspaceInUsageLimitOfWorkspace


class User(TypedDict):
    """Hold the fields selected by me."""

    id: str
    name: str | None


class Variable(TypedDict):
    """Hold the fields selected by environment."""

    name: str
    serviceId: str | None
    isSealed: bool


class Volume(TypedDict):
    """Hold the fields selected by volumeCreate."""

    id: str
    name: str
    volumeInstances: Connection[VolumeInstanceOfVolume]


class VolumeInstanceBackup(TypedDict):
    """Hold the fields selected by volumeInstanceBackupList."""

    id: str
    name: str | None
    createdAt: str
    expiresAt: str | None
    scheduleId: str | None
    usedMB: int | None
    volumeInstanceSizeMB: int | None


class VolumeInstanceBackupSchedule(TypedDict):
    """Hold the fields selected by volumeInstanceBackupScheduleList."""

    id: str
    kind: VolumeInstanceBackupScheduleKind
    retentionSeconds: int | None


class VolumeInstanceInEnvironment(TypedDict):
    """Hold the fields selected by environment."""

    id: str
    volumeId: str
    serviceId: str | None
    mountPath: str
    sizeMB: int
    currentSizeMB: float
    state: VolumeState | None
    isPendingDeletion: bool
    deletedAt: str | None
    volume: VolumeOfProject


class VolumeInstanceInEnvironmentRunning(TypedDict):
    """Hold the fields selected by environmentRunning."""

    id: str
    volumeId: str
    serviceId: str | None
    mountPath: str
    sizeMB: int
    currentSizeMB: float
    state: VolumeState | None
    isPendingDeletion: bool
    deletedAt: str | None


class VolumeInstanceInEnvironmentSnapshot(TypedDict):
    """Hold the fields selected by environmentSnapshot, environmentAdopted."""

    id: str
    volumeId: str
    serviceId: str | None
    mountPath: str
    sizeMB: int
    state: VolumeState | None
    isPendingDeletion: bool
    deletedAt: str | None


class VolumeInstanceOfVolume(TypedDict):
    """Hold the fields selected by volumeCreate."""

    id: str
    environmentId: str
    serviceId: str | None
    mountPath: str
    sizeMB: int


class VolumeOfProject(TypedDict):
    """Hold the fields selected by environmentSnapshot, environmentRunning, ..."""

    id: str
    name: str


class WorkflowId(TypedDict):
    """Hold the fields selected by volumeInstanceBackupCreate, volumeInstanceBackupDelete, ..."""

    workflowId: str | None


class WorkflowResult(TypedDict):
    """Hold the fields selected by workflowStatus."""

    status: WorkflowStatus
    error: str | None


class Workspace(TypedDict):
    """Hold the fields selected by workspace."""

    id: str
    name: str
    plan: Plan
    apiTokenRateLimit: ApiTokenRateLimit | None


class WorkspaceInUsageLimitOfWorkspace(TypedDict):
    """Hold the fields selected by usageLimitOfWorkspace."""

    id: str
    customer: Customer
