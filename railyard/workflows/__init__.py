"""The commands behind the workflows at GitHub: which systems changed, and the workflow files made from the stacks."""
