"""Systems that are settings alone: their keys, what their variables may name, and the order of their services."""
