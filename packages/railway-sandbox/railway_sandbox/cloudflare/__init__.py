"""Simulated Cloudflare API v4: zones, DNS records, zone settings and redirect rules of a free plan."""
