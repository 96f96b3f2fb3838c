"""An environment's configuration: its shape, its rules, how a patch merges with it, and how it is shown."""
