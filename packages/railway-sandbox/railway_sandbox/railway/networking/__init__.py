"""TCP proxies, private networks and static outbound addresses."""
