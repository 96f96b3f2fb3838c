"""The ``railyard`` command line: what people do with a stack beside previewing and deploying it.

    ./bin/railyard secrets check -s staging

Owns commands, their options, their output and their exit codes. What a system is and what an engine does is asked of
``stacks`` and ``sandbox``.
"""
