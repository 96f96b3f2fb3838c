"""Reads SOPS files in process: key names without a key, values with an age key, all checks that ``sops`` makes.

    document = sops.read("secrets/staging.yaml")
    document.keys()     # needs no key
    document.decrypt()  # needs the age key

Does not write, and does not know what the values are for. Files for other key types go through the ``sops`` program.
"""

from sops.document import Document, KeyTree, read
from sops.errors import (
    FileMissingError,
    InvalidFileError,
    KeyMissingError,
    NotEncryptedError,
    ProgramError,
    SopsError,
    TamperedError,
    WrongKeyError,
    printable,
)
from sops.metadata import Keys

__all__ = [
    "Document",
    "FileMissingError",
    "InvalidFileError",
    "KeyMissingError",
    "KeyTree",
    "Keys",
    "NotEncryptedError",
    "ProgramError",
    "SopsError",
    "TamperedError",
    "WrongKeyError",
    "printable",
    "read",
]
