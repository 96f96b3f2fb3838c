"""``railyard secrets``: the commands, and what each of them does with a stack's SOPS file."""
