"""What an operation of a Pulumi engine works on and tells: settings files, property values, steps and results."""
