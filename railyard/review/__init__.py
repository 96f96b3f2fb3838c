"""``railyard diff`` and ``real``: what a commit changes, without credentials and with them."""
