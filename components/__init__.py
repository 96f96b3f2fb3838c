"""Reusable components: one resource group per file, with no knowledge of the systems that use them.

Each takes an ``…Args`` model of plain values (what a settings file may hold) and, as keyword arguments, what is
wired to it: other components, secrets, values that only the cloud knows.
"""
