"""The commands ``sandbox …``: let things go wrong in the sandbox, and let time pass there."""
