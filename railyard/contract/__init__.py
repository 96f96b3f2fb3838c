"""Tries the doubtful points of Railway's API, on a real account or in the sandbox.

Owns what is asked and what the answers mean. Limits, redaction and errors are those of the provider's client.
"""
