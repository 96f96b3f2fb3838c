"""Simulated DigitalOcean API v2: Spaces keys, CDN endpoints, certificates and projects."""
