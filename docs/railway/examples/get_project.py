"""A service in a project that somebody else manages."""

import pulumiverse_railway as railway

project = railway.get_project(name="shop")
report = railway.Service(
    "report",
    project_id=project.project_id,
    environment_id=project.environments["production"],
    name="report",
)
