"""``railyard promote`` and ``rollback``: what was proven, and the settings that say what runs."""
