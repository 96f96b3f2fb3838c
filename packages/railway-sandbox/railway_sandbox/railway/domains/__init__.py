"""Generated and custom domains, and their certificates."""
