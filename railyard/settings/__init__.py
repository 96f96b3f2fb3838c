"""The command ``settings``: the whole settings of a stack, and where each value comes from."""
