"""``railyard map``: the topology of a stack as a picture."""
