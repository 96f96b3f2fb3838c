"""Services, their instances in environments, and variables."""
