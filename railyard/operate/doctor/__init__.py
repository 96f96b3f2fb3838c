"""``railyard doctor``: what it looks at, a module for each place."""
