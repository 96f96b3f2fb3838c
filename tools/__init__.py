"""Scripts for whoever works on the project itself; nothing that it needs to run."""
