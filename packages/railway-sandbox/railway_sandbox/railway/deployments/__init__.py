"""Deployments: their sources, statuses over time and logs, and the operations on them."""
