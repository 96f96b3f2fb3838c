"""The rules that a stack holds: declared once, for policy packs, previews and the comment of a pull request."""
