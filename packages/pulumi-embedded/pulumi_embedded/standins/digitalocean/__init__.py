"""Stand-in for Pulumi's DigitalOcean plugin."""
