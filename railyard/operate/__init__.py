"""``railyard status``, ``logs``, ``verify``, ``doctor`` and ``state``: look after a stack that is up."""
