# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource ServiceInstance of Railway."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import pulumi

from .enums import AutoUpdates, Builder, OnFailure, RestartPolicyType, UpdateTags
from .inputs import RegistryCredentialsArgs
from .outputs import RegistryCredentials

_TOKEN = "railway:index:ServiceInstance"


@pulumi.input_type
class _ServiceInstanceInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    image: pulumi.Input[str | None] = pulumi.property("image", default=None)
    repo: pulumi.Input[str | None] = pulumi.property("repo", default=None)
    branch: pulumi.Input[str | None] = pulumi.property("branch", default=None)
    commit_sha: pulumi.Input[str | None] = pulumi.property("commitSha", default=None)
    root_directory: pulumi.Input[str | None] = pulumi.property("rootDirectory", default=None)
    check_suites: pulumi.Input[bool | None] = pulumi.property("checkSuites", default=None)
    registry_credentials: pulumi.Input[RegistryCredentialsArgs | None] = pulumi.property(
        "registryCredentials", default=None
    )
    auto_updates: pulumi.Input[AutoUpdates | str | None] = pulumi.property("autoUpdates", default=None)
    auto_update_windows: pulumi.Input[Sequence[pulumi.Input[str]] | None] = pulumi.property(
        "autoUpdateWindows", default=None
    )
    auto_update_tags: pulumi.Input[UpdateTags | str | None] = pulumi.property("autoUpdateTags", default=None)
    builder: pulumi.Input[Builder | str | None] = pulumi.property("builder", default=None)
    build_command: pulumi.Input[str | None] = pulumi.property("buildCommand", default=None)
    dockerfile_path: pulumi.Input[str | None] = pulumi.property("dockerfilePath", default=None)
    watch_patterns: pulumi.Input[Sequence[pulumi.Input[str]] | None] = pulumi.property("watchPatterns", default=None)
    start_command: pulumi.Input[str | None] = pulumi.property("startCommand", default=None)
    pre_deploy_command: pulumi.Input[str | None] = pulumi.property("preDeployCommand", default=None)
    pre_deploy_timeout_seconds: pulumi.Input[int | None] = pulumi.property("preDeployTimeoutSeconds", default=None)
    healthcheck_path: pulumi.Input[str | None] = pulumi.property("healthcheckPath", default=None)
    healthcheck_timeout: pulumi.Input[int | None] = pulumi.property("healthcheckTimeout", default=None)
    restart_policy_type: pulumi.Input[RestartPolicyType | str | None] = pulumi.property(
        "restartPolicyType", default=None
    )
    restart_policy_max_retries: pulumi.Input[int | None] = pulumi.property("restartPolicyMaxRetries", default=None)
    cron_schedule: pulumi.Input[str | None] = pulumi.property("cronSchedule", default=None)
    sleep_application: pulumi.Input[bool | None] = pulumi.property("sleepApplication", default=None)
    overlap_seconds: pulumi.Input[int | None] = pulumi.property("overlapSeconds", default=None)
    draining_seconds: pulumi.Input[int | None] = pulumi.property("drainingSeconds", default=None)
    ipv6_egress_enabled: pulumi.Input[bool | None] = pulumi.property("ipv6EgressEnabled", default=None)
    regions: pulumi.Input[Mapping[str, pulumi.Input[int]] | None] = pulumi.property("regions", default=None)
    num_replicas: pulumi.Input[int | None] = pulumi.property("numReplicas", default=None)
    vcpus: pulumi.Input[float | None] = pulumi.property("vcpus", default=None)
    memory_mb: pulumi.Input[int | None] = pulumi.property("memoryMb", default=None)
    variables: pulumi.Input[Mapping[str, pulumi.Input[str]] | None] = pulumi.property("variables", default=None)
    sealed: pulumi.Input[Sequence[pulumi.Input[str]] | None] = pulumi.property("sealed", default=None)
    wait_for_deployment: pulumi.Input[bool | None] = pulumi.property("waitForDeployment", default=None)
    on_failure: pulumi.Input[OnFailure | str | None] = pulumi.property("onFailure", default=None)


class ServiceInstance(pulumi.CustomResource):
    """A service as it runs in one environment. Its id is <project id>/<environment id>/<service id>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    image: pulumi.Output[str | None] = pulumi.property("image")
    """Docker image with tag or digest; either this or repo (API: source.image)."""
    repo: pulumi.Output[str | None] = pulumi.property("repo")
    """GitHub repository as owner/name; either this or image (API: source.repo)."""
    branch: pulumi.Output[str | None] = pulumi.property("branch")
    """Branch that is deployed, and with each push again. Default: main (API: source.branch)."""
    commit_sha: pulumi.Output[str | None] = pulumi.property("commitSha")
    """Commit that is deployed, 7 to 40 hexadecimal digits. Default: the head of the branch (API: source.commitSha)."""
    root_directory: pulumi.Output[str | None] = pulumi.property("rootDirectory")
    """Folder of the repository that holds the service. Default: its root (API: source.rootDirectory)."""
    check_suites: pulumi.Output[bool | None] = pulumi.property("checkSuites")
    """True if a push waits for GitHub's checks. Default: false (API: source.checkSuites)."""
    registry_credentials: pulumi.Output[RegistryCredentials | None] = pulumi.property("registryCredentials")
    """Login for an image in a private registry; Railway never gives it back. Default: none (API:
    deploy.registryCredentials).
    """
    auto_updates: pulumi.Output[AutoUpdates | None] = pulumi.property("autoUpdates")
    """Newer versions of the image, of Docker Hub or ghcr.io, that Railway deploys by itself: it backs up the volume,
    writes the new tag into its configuration, and that is no drift. A tag that is no version is pulled again when it
    moves. Default: disabled (API: source.autoUpdates.type).
    """
    auto_update_windows: pulumi.Output[Sequence[str] | None] = pulumi.property("autoUpdateWindows")
    """Hours in which it does so, a weekday and hours in UTC: 'SAT 2-6' for Saturday from 2 to 6. Default: Railway's
    choice (API: source.autoUpdates.schedule).
    """
    auto_update_tags: pulumi.Output[UpdateTags | None] = pulumi.property("autoUpdateTags")
    """Form of the image's tags: version numbers, or names of commits. Default: Railway tells by the tag (API:
    source.autoUpdates.tagMode).
    """
    builder: pulumi.Output[Builder | None] = pulumi.property("builder")
    """Builder of the repository. Default: RAILPACK, or DOCKERFILE with dockerfilePath (API: build.builder)."""
    build_command: pulumi.Output[str | None] = pulumi.property("buildCommand")
    """Command that builds it. Default: the builder's (API: build.buildCommand)."""
    dockerfile_path: pulumi.Output[str | None] = pulumi.property("dockerfilePath")
    """Path of the Dockerfile in the repository. Default: Dockerfile, if there is one (API: build.dockerfilePath)."""
    watch_patterns: pulumi.Output[Sequence[str] | None] = pulumi.property("watchPatterns")
    """Paths in gitignore's syntax, from the root of the repository; a push deploys only if it changes one of them.
    Default: any (API: build.watchPatterns).
    """
    start_command: pulumi.Output[str | None] = pulumi.property("startCommand")
    """Command that starts it; without a shell for images, so wrap it in /bin/sh -c to use $PORT. Default: the image's
    (API: deploy.startCommand).
    """
    pre_deploy_command: pulumi.Output[str | None] = pulumi.property("preDeployCommand")
    """Command that runs before new code takes traffic, such as migrations; it sees no volume. Default: none (API:
    deploy.preDeployCommand).
    """
    pre_deploy_timeout_seconds: pulumi.Output[int | None] = pulumi.property("preDeployTimeoutSeconds")
    """Time in which the preDeployCommand must end, in seconds, 1 to 3600; a deployment whose command runs longer fails,
    and the old one serves on. Default: Railway's (API: deploy.preDeployTimeoutSeconds).
    """
    healthcheck_path: pulumi.Output[str | None] = pulumi.property("healthcheckPath")
    """Path that must answer 2xx before a deployment takes traffic. Default: none is asked (API:
    deploy.healthcheckPath).
    """
    healthcheck_timeout: pulumi.Output[int | None] = pulumi.property("healthcheckTimeout")
    """Time in which a deployment must become healthy, in seconds, 1 to 3600. Default: 300 (API:
    deploy.healthcheckTimeout).
    """
    restart_policy_type: pulumi.Output[RestartPolicyType | None] = pulumi.property("restartPolicyType")
    """Condition under which a stopped container is started again. Default: ON_FAILURE, NEVER with a cronSchedule (API:
    deploy.restartPolicyType).
    """
    restart_policy_max_retries: pulumi.Output[int | None] = pulumi.property("restartPolicyMaxRetries")
    """Number of times that it is started again, for ON_FAILURE. Default: 10 (API: deploy.restartPolicyMaxRetries)."""
    cron_schedule: pulumi.Output[str | None] = pulumi.property("cronSchedule")
    """Five-field schedule in UTC, at least 5 minutes apart, for a job that runs and ends. Default: it runs for good
    (API: deploy.cronSchedule).
    """
    sleep_application: pulumi.Output[bool | None] = pulumi.property("sleepApplication")
    """True if it sleeps after 10 minutes without outbound traffic, until the next request. Default: false (API:
    deploy.sleepApplication).
    """
    overlap_seconds: pulumi.Output[int | None] = pulumi.property("overlapSeconds")
    """Time for which the old deployment goes on beside the new one, in seconds. Default: 0 (API:
    deploy.overlapSeconds).
    """
    draining_seconds: pulumi.Output[int | None] = pulumi.property("drainingSeconds")
    """Seconds between SIGTERM and SIGKILL of the old deployment. Default: 0 (API: deploy.drainingSeconds)."""
    ipv6_egress_enabled: pulumi.Output[bool | None] = pulumi.property("ipv6EgressEnabled")
    """True if it reaches the internet over IPv6 too. Default: false (API: deploy.ipv6EgressEnabled)."""
    regions: pulumi.Output[Mapping[str, int] | None] = pulumi.property("regions")
    """Replicas per region, {'us-west2': 2}; either this or numReplicas. Always sent whole, so that no region stays
    behind. Default: Railway's (API: deploy.multiRegionConfig).
    """
    num_replicas: pulumi.Output[int | None] = pulumi.property("numReplicas")
    """Replicas in the one region that Railway chose; either this or regions. Default: 1 (API: deploy.numReplicas)."""
    vcpus: pulumi.Output[float | None] = pulumi.property("vcpus")
    """CPU limit of each replica in vCPUs. Default: the plan's (API: deploy.limitOverride.containers.cpu)."""
    memory_mb: pulumi.Output[int | None] = pulumi.property("memoryMb")
    """Memory limit of each replica in MB of 1,000,000 bytes. Default: the plan's (API:
    deploy.limitOverride.containers.memoryBytes).
    """
    variables: pulumi.Output[Mapping[str, str]] = pulumi.property("variables")
    """Variables by name; values may refer to others, ${{service.NAME}}. Variables that are set elsewhere are left alone
    and are no drift (API: variables).
    """
    sealed: pulumi.Output[Sequence[str] | None] = pulumi.property("sealed")
    """Names of variables whose values Railway never shows again, in the dashboard neither (API: isSealed). A refresh
    sees whether they exist, not whether somebody changed them. Railway cannot unseal: a name that is taken from this
    list stays sealed. Default: none.
    """
    wait_for_deployment: pulumi.Output[bool] = pulumi.property("waitForDeployment")
    """True if a run waits until the deployment is healthy and runs what was asked for. Default: true."""
    on_failure: pulumi.Output[OnFailure | None] = pulumi.property("onFailure")
    """Reaction to a deployment that is waited for and fails, crashes, is unhealthy or does not end in time. keep:
    nothing, the next run tries again. rollBack: the last good deployment is started again with Railway's
    deploymentRollback, unless it still runs; the resource fails all the same, and the next run deploys what is asked
    for. Default: keep.
    """
    deployment_id: pulumi.Output[str | None] = pulumi.property("deploymentId")
    """Railway's id of the newest deployment (API: latestDeployment.id)."""
    deployment_status: pulumi.Output[str | None] = pulumi.property("deploymentStatus")
    """Its status, such as SUCCESS, SLEEPING, BUILDING or CRASHED (API: latestDeployment.status)."""
    rolled_back_deployment_id: pulumi.Output[str | None] = pulumi.property("rolledBackDeploymentId")
    """Railway's id of the deployment that was asked for, failed and was rolled back: deploymentId is the rollback,
    which runs something older. Absent when what was asked for runs.
    """

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        image: pulumi.Input[str | None] = None,
        repo: pulumi.Input[str | None] = None,
        branch: pulumi.Input[str | None] = None,
        commit_sha: pulumi.Input[str | None] = None,
        root_directory: pulumi.Input[str | None] = None,
        check_suites: pulumi.Input[bool | None] = None,
        registry_credentials: pulumi.Input[RegistryCredentialsArgs | None] = None,
        auto_updates: pulumi.Input[AutoUpdates | str | None] = None,
        auto_update_windows: pulumi.Input[Sequence[pulumi.Input[str]] | None] = None,
        auto_update_tags: pulumi.Input[UpdateTags | str | None] = None,
        builder: pulumi.Input[Builder | str | None] = None,
        build_command: pulumi.Input[str | None] = None,
        dockerfile_path: pulumi.Input[str | None] = None,
        watch_patterns: pulumi.Input[Sequence[pulumi.Input[str]] | None] = None,
        start_command: pulumi.Input[str | None] = None,
        pre_deploy_command: pulumi.Input[str | None] = None,
        pre_deploy_timeout_seconds: pulumi.Input[int | None] = None,
        healthcheck_path: pulumi.Input[str | None] = None,
        healthcheck_timeout: pulumi.Input[int | None] = None,
        restart_policy_type: pulumi.Input[RestartPolicyType | str | None] = None,
        restart_policy_max_retries: pulumi.Input[int | None] = None,
        cron_schedule: pulumi.Input[str | None] = None,
        sleep_application: pulumi.Input[bool | None] = None,
        overlap_seconds: pulumi.Input[int | None] = None,
        draining_seconds: pulumi.Input[int | None] = None,
        ipv6_egress_enabled: pulumi.Input[bool | None] = None,
        regions: pulumi.Input[Mapping[str, pulumi.Input[int]] | None] = None,
        num_replicas: pulumi.Input[int | None] = None,
        vcpus: pulumi.Input[float | None] = None,
        memory_mb: pulumi.Input[int | None] = None,
        variables: pulumi.Input[Mapping[str, pulumi.Input[str]] | None] = None,
        sealed: pulumi.Input[Sequence[pulumi.Input[str]] | None] = None,
        wait_for_deployment: pulumi.Input[bool | None] = None,
        on_failure: pulumi.Input[OnFailure | str | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service: the output service_id of a Service (API: serviceId). A change
          makes a new resource.
        :param image: Docker image with tag or digest; either this or repo (API: source.image).
        :param repo: GitHub repository as owner/name; either this or image (API: source.repo).
        :param branch: Branch that is deployed, and with each push again. Default: main (API: source.branch).
        :param commit_sha: Commit that is deployed, 7 to 40 hexadecimal digits. Default: the head of the branch (API:
          source.commitSha).
        :param root_directory: Folder of the repository that holds the service. Default: its root (API:
          source.rootDirectory).
        :param check_suites: True if a push waits for GitHub's checks. Default: false (API: source.checkSuites).
        :param registry_credentials: Login for an image in a private registry; Railway never gives it back. Default:
          none (API: deploy.registryCredentials).
        :param auto_updates: Newer versions of the image, of Docker Hub or ghcr.io, that Railway deploys by itself: it
          backs up the volume, writes the new tag into its configuration, and that is no drift. A tag that is no version
          is pulled again when it moves. Default: disabled (API: source.autoUpdates.type).
        :param auto_update_windows: Hours in which it does so, a weekday and hours in UTC: 'SAT 2-6' for Saturday from 2
          to 6. Default: Railway's choice (API: source.autoUpdates.schedule).
        :param auto_update_tags: Form of the image's tags: version numbers, or names of commits. Default: Railway tells
          by the tag (API: source.autoUpdates.tagMode).
        :param builder: Builder of the repository. Default: RAILPACK, or DOCKERFILE with dockerfile_path (API:
          build.builder).
        :param build_command: Command that builds it. Default: the builder's (API: build.buildCommand).
        :param dockerfile_path: Path of the Dockerfile in the repository. Default: Dockerfile, if there is one (API:
          build.dockerfilePath).
        :param watch_patterns: Paths in gitignore's syntax, from the root of the repository; a push deploys only if it
          changes one of them. Default: any (API: build.watchPatterns).
        :param start_command: Command that starts it; without a shell for images, so wrap it in /bin/sh -c to use $PORT.
          Default: the image's (API: deploy.startCommand).
        :param pre_deploy_command: Command that runs before new code takes traffic, such as migrations; it sees no
          volume. Default: none (API: deploy.preDeployCommand).
        :param pre_deploy_timeout_seconds: Time in which the pre_deploy_command must end, in seconds, 1 to 3600; a
          deployment whose command runs longer fails, and the old one serves on. Default: Railway's (API:
          deploy.preDeployTimeoutSeconds).
        :param healthcheck_path: Path that must answer 2xx before a deployment takes traffic. Default: none is asked
          (API: deploy.healthcheckPath).
        :param healthcheck_timeout: Time in which a deployment must become healthy, in seconds, 1 to 3600. Default: 300
          (API: deploy.healthcheckTimeout).
        :param restart_policy_type: Condition under which a stopped container is started again. Default: ON_FAILURE,
          NEVER with a cron_schedule (API: deploy.restartPolicyType).
        :param restart_policy_max_retries: Number of times that it is started again, for ON_FAILURE. Default: 10 (API:
          deploy.restartPolicyMaxRetries).
        :param cron_schedule: Five-field schedule in UTC, at least 5 minutes apart, for a job that runs and ends.
          Default: it runs for good (API: deploy.cronSchedule).
        :param sleep_application: True if it sleeps after 10 minutes without outbound traffic, until the next request.
          Default: false (API: deploy.sleepApplication).
        :param overlap_seconds: Time for which the old deployment goes on beside the new one, in seconds. Default: 0
          (API: deploy.overlapSeconds).
        :param draining_seconds: Seconds between SIGTERM and SIGKILL of the old deployment. Default: 0 (API:
          deploy.drainingSeconds).
        :param ipv6_egress_enabled: True if it reaches the internet over IPv6 too. Default: false (API:
          deploy.ipv6EgressEnabled).
        :param regions: Replicas per region, {'us-west2': 2}; either this or num_replicas. Always sent whole, so that no
          region stays behind. Default: Railway's (API: deploy.multiRegionConfig).
        :param num_replicas: Replicas in the one region that Railway chose; either this or regions. Default: 1 (API:
          deploy.numReplicas).
        :param vcpus: CPU limit of each replica in vCPUs. Default: the plan's (API:
          deploy.limitOverride.containers.cpu).
        :param memory_mb: Memory limit of each replica in MB of 1,000,000 bytes. Default: the plan's (API:
          deploy.limitOverride.containers.memoryBytes).
        :param variables: Variables by name; values may refer to others, ${{service.NAME}}. Variables that are set
          elsewhere are left alone and are no drift (API: variables).
        :param sealed: Names of variables whose values Railway never shows again, in the dashboard neither (API:
          isSealed). A refresh sees whether they exist, not whether somebody changed them. Railway cannot unseal: a name
          that is taken from this list stays sealed. Default: none.
        :param wait_for_deployment: True if a run waits until the deployment is healthy and runs what was asked for.
          Default: true.
        :param on_failure: Reaction to a deployment that is waited for and fails, crashes, is unhealthy or does not end
          in time. keep: nothing, the next run tries again. rollBack: the last good deployment is started again with
          Railway's deploymentRollback, unless it still runs; the resource fails all the same, and the next run deploys
          what is asked for. Default: keep.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _ServiceInstanceInputs.__new__(_ServiceInstanceInputs)
        values.__dict__.update(
            dict.fromkeys(ServiceInstance.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            image=image,
            repo=repo,
            branch=branch,
            commit_sha=commit_sha,
            root_directory=root_directory,
            check_suites=check_suites,
            registry_credentials=registry_credentials,
            auto_updates=auto_updates,
            auto_update_windows=auto_update_windows,
            auto_update_tags=auto_update_tags,
            builder=builder,
            build_command=build_command,
            dockerfile_path=dockerfile_path,
            watch_patterns=watch_patterns,
            start_command=start_command,
            pre_deploy_command=pre_deploy_command,
            pre_deploy_timeout_seconds=pre_deploy_timeout_seconds,
            healthcheck_path=healthcheck_path,
            healthcheck_timeout=healthcheck_timeout,
            restart_policy_type=restart_policy_type,
            restart_policy_max_retries=restart_policy_max_retries,
            cron_schedule=cron_schedule,
            sleep_application=sleep_application,
            overlap_seconds=overlap_seconds,
            draining_seconds=draining_seconds,
            ipv6_egress_enabled=ipv6_egress_enabled,
            regions=regions,
            num_replicas=num_replicas,
            vcpus=vcpus,
            memory_mb=memory_mb,
            variables=variables,
            sealed=sealed,
            wait_for_deployment=wait_for_deployment,
            on_failure=on_failure,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing ServiceInstance by its id: it is read, and never changed by the program."""
        values = _ServiceInstanceInputs.__new__(_ServiceInstanceInputs)
        values.__dict__.update(dict.fromkeys(ServiceInstance.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
