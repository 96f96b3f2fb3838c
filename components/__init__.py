"""Reusable components: one resource group per file, with no knowledge of the systems that use them.

Each is ``Name(name, args, opts)``. Its ``…Args`` hold its settings, each of which may be an Output unless its type is
plain, and what it is connected to. Its ``…Settings`` are the model of the same settings in a file, with their rules.
"""
