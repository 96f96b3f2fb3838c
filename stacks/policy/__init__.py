"""The rules that a stack keeps: declared once, for policy packs, previews and the comment of a pull request."""
