"""Stand-ins for Pulumi's own Cloudflare and DigitalOcean plugins, for the embedded engine and the sandbox alone.

They know the resources that Railyard uses, send the requests that the real plugins send and give the same outputs.
Real deployments never use them: they refuse every address that is not this machine.
"""
