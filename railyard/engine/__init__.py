"""The operations of a stack: preview, up, refresh, destroy, and which engine carries them out."""
