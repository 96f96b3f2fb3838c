"""Simulated DigitalOcean Spaces: object storage with S3's protocol, kept by moto."""
