"""The common part of all commands: options, exit codes and errors, and a stack as they see it."""
