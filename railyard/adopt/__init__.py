"""``railyard adopt`` and ``railyard abandon``: a running project comes under the stack's settings, and leaves them."""
