"""What all commands share: options, exit codes and errors, and a stack as they see it."""
