"""``railyard migrate``: files of other tools become settings, with a proof of the same effective configuration."""
