"""Volumes, their backups, and buckets."""
