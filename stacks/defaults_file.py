"""The text of the file that all stacks of a project share.

Owns reading it; ``stacks/shared_settings.py`` knows how it is merged.
"""

from __future__ import annotations

from pathlib import Path

from stacks.problems import SettingsError
from stacks.shared_settings import DEFAULTS_FILE


def defaults_text(root: Path) -> str:
    """Return the text of the file that all stacks share; empty where there is none.

    Raises ``SettingsError`` for a file that is not UTF-8 text, and ``OSError``.
    """
    file = root / DEFAULTS_FILE
    try:
        return file.read_text(encoding="utf-8") if file.is_file() else ""
    except UnicodeDecodeError as error:
        message = f"{DEFAULTS_FILE} is not UTF-8 text (byte {error.start}): save it as UTF-8"
        raise SettingsError(message, [], prefix="") from None
