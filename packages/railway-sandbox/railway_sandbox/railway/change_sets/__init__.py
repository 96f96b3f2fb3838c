"""Change sets: what they make, what they change, and how they are applied."""
