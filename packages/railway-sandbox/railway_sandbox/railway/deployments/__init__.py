"""Deployments: from what source, with which statuses over time, with which logs; and what is done to them."""
