"""Simulated Cloudflare API v4: zones, DNS records and zone settings of a free plan."""
