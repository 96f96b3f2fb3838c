"""Access of commands to accounts: Railway, Spaces and GitHub, and what the services of a stack run now."""
