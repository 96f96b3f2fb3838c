"""Environments, and the commits that change their configuration."""
