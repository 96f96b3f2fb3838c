"""The sandbox: simulated Railway, Cloudflare, DigitalOcean and Spaces APIs on loopback, and the embedded engine.

Nothing here ever talks to a real cloud: addresses that are not loopback are refused.
"""
