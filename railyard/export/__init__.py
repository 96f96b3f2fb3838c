"""``railyard export``: a system leaves as files that need neither Railyard nor Railway."""
