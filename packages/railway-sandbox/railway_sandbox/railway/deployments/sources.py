"""Sources of deployments: images, repositories and their commits, with the defects that were ordered for them.

Resolves a source to an image or commit. Defects are set by ``RailwayCloud.fail``.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.view import setting
from railway_sandbox.railway.errors import Refused
from railway_sandbox.railway.records import Config, part


def has_source(config: Config) -> bool:
    """Tell whether these settings of a service name something to run."""
    source = part(config, "source")
    return bool(source.get("image") or source.get("repo"))


def latest_commit(cloud: RailwayCloud, repository: str, branch: str) -> str:
    """Return the head of a branch: what was pushed last, or a commit that has always been there."""
    key = f"{repository}@{branch}"
    return cloud.state.commits.get(key) or hashlib.sha256(key.encode()).hexdigest()[:40]


def resolve(cloud: RailwayCloud, config: Config, commit: str | None = None) -> dict[str, Any]:
    """Return what a deployment of these settings runs, in the keys of Railway's ``DeploymentMeta``."""
    source: Config = part(config, "source")
    if source.get("image"):
        # Railway pulls by digest, so a tag that is moved later does not move what runs.
        image = str(source["image"])
        digest = image.partition("@sha256:")[2] or hashlib.sha256(image.encode()).hexdigest()
        return {"image": image, "imageDigest": f"sha256:{digest}"}
    repository = source["repo"]
    branch = setting(config, "source", "branch")
    commit_hash: str = commit or source.get("commitSha") or latest_commit(cloud, repository, branch)
    if cloud.state.defects.get(commit_hash) == "missing-commit":
        raise Refused("Commit not found")
    return {
        "repo": repository,
        "branch": branch,
        "commitHash": commit_hash,
        "commitMessage": f"Commit {commit_hash[:7]}",
        "rootDirectory": source.get("rootDirectory"),
    }


def source_of_service(cloud: RailwayCloud, service_id: str) -> str:
    """Return by which name the defects of a service itself are ordered, whatever it runs."""
    service = cloud.state.services[service_id]
    return named_service(cloud.state.projects[service.project_id].name, service.name)


def named_service(project: str, service: str) -> str:
    """Return the same of a service that may not be there yet; no image and no repository has such a name."""
    return f"service {project}/{service}"


def defect_of(cloud: RailwayCloud, meta: dict[str, Any], service_id: str) -> str | None:
    """Return the defect of a service or of the source of its deployment, if it has one."""
    defects = cloud.state.defects
    if own := defects.get(source_of_service(cloud, service_id)):
        return own
    image = meta.get("image")
    if image is not None:
        return defects.get(image) or defects.get(re.sub(r"(@sha256:.*|:[^:/]+)$", "", image))
    return defects.get(meta["commitHash"]) or defects.get(meta["repo"])
