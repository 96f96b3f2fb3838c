"""The commands ``stack …``: which stacks there are, and how one becomes two without touching a resource."""
