"""The cost that Railway expects of the project this month, as an output of the stack."""

import pulumi

import pulumiverse_railway as railway

shop = railway.get_project(name="shop")
usage = railway.get_estimated_usage(project_id=shop.project_id)
pulumi.export("estimatedUsd", usage.total_usd)
