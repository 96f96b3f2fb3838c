"""The rules of ``stacks/policy`` as a policy pack of Pulumi."""
