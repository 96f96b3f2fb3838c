"""Errors of a SOPS file or its keys, said so that a person can put it right.

    SopsError
      FileMissingError    there is no such file
      InvalidFileError    it cannot be read as YAML or JSON of the shape that SOPS writes
      NotEncryptedError   a value is in clear text that ought to be encrypted
      KeyMissingError     no key of the file can be used here: none was found, or a key service refuses
      WrongKeyError       age keys were found, but none of them opens this file
      TamperedError       a value or the message authentication code is not what SOPS wrote
      ProgramError        the ``sops`` program failed for another reason

No error ever holds a value of the file, in clear text or not, nor any part of a key: file names, key paths and
public age recipients only. Key paths are a stranger's words where the file is: they cannot end the line or move the
cursor.
"""

from __future__ import annotations

from go_yaml import printable

__all__ = [
    "FileMissingError",
    "InvalidFileError",
    "KeyMissingError",
    "NotEncryptedError",
    "ProgramError",
    "SopsError",
    "TamperedError",
    "WrongKeyError",
    "printable",
]


class SopsError(Exception):
    """Base of all errors of this package; its text is meant for people."""

    def __init__(self, text: str) -> None:
        super().__init__(printable(text))


class FileMissingError(SopsError):
    """There is no such file."""


class InvalidFileError(SopsError):
    """The file is not YAML or JSON as SOPS writes it."""


class NotEncryptedError(SopsError):
    """The file, or one of its values, is in clear text."""


class KeyMissingError(SopsError):
    """No key of the file can be used here; the text lists the places that were searched, or which keys it takes."""


class WrongKeyError(SopsError):
    """None of the age keys at hand is a recipient of the file."""


class TamperedError(SopsError):
    """A value or the message authentication code was changed by something other than SOPS."""


class ProgramError(SopsError):
    """The ``sops`` program was needed and did not succeed, for another reason than a missing key or a changed file."""
