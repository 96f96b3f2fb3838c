"""The id of an environment that is known by its name."""

import pulumiverse_railway as railway

shop = railway.get_project(name="shop")
staging = railway.get_environment(project_id=shop.project_id, name="staging")
report = railway.Service("report", project_id=shop.project_id, environment_id=staging.environment_id, name="report")
