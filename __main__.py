"""The Pulumi program: read the stack's settings, compose its systems."""

from stacks import compose, load

compose(load())
