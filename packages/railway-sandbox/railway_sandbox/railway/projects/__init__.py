"""Projects, their members, tokens and notification rules."""
