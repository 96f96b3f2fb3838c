"""What a stack costs a month, and what Railway says of it: ``railyard cost``."""
