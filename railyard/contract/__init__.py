"""Tries the doubtful points of Railway's API, on a real account or in the sandbox.

Owns what is asked and what the answers mean. How Railway is reached (limits, redaction, errors) is the provider's.
"""
