"""``railyard backup`` and ``restore``: volumes and PostgreSQL."""
