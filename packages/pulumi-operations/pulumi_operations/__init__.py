"""The terms of an operation of a Pulumi engine: settings files, property values, steps and results."""
