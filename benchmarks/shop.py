"""A project of as many services as one likes, all alike: the program that benchmarks of growth run."""

from __future__ import annotations

from components.project import Project, ProjectArgs
from components.service import Service, ServiceArgs


def shop(services: int) -> None:
    """Register a project with so many services."""
    project = Project("shop", ProjectArgs(name="shop", environment="production"))
    for index in range(services):
        args = ServiceArgs(
            project=project,
            image=f"example/service-{index}:1",
            healthcheck_path="/health",
            memory_mb=1_000,
            port=8_080,
            variables={f"VARIABLE_{number}": f"value {number}" for number in range(9)},
        )
        Service(f"service-{index}", args)
