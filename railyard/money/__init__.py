"""The cost of a stack a month, and what Railway says of it: ``railyard cost``."""
