"""``railyard backup`` and ``restore``: volumes, and databases of PostgreSQL, MySQL and MongoDB."""
