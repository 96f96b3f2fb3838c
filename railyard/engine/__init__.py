"""What ``make`` calls: preview, up, refresh, destroy, and which engine carries them out."""
