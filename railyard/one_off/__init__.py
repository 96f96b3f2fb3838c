"""``railyard run``: a command on this machine with the variables of a service."""
