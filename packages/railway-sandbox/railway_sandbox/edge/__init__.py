"""The simulated public Internet: what a visitor of a name gets, over real TLS on loopback.

Plays Cloudflare's proxy, Railway's edge and DigitalOcean's CDN for the names in the simulated DNS, and answers DNS
questions. No API operation of the clouds reaches it: it only looks at what they hold.
"""
