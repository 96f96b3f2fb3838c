"""The Pulumi program: read the stack's settings, confirm its zones, compose its systems."""

from stacks import compose, confirm_zones, load, refusals

with refusals():
    settings = load()
    confirm_zones(settings)
    compose(settings)
