"""The account: its tokens and keys, the limits of its plan, and its usage."""
