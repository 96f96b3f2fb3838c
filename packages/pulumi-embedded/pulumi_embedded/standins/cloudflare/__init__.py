"""Stand-in for Pulumi's Cloudflare plugin."""
