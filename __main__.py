"""The Pulumi program: the systems that the settings of the stack name."""

from stacks import main

main()
