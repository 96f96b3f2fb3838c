"""Deployments: from what source, in which course of statuses, with which logs; and what is done to them."""
