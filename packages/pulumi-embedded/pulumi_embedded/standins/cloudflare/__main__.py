"""Starts the stand-in for the Cloudflare plugin: ``python <folder of this file> <engine address>``.

Python puts the folder first on the import path, which would make its modules importable under wrong names.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

del sys.path[0]

from pulumi_provider.main import main  # noqa: E402

if TYPE_CHECKING:
    from pulumi_provider.declaration import Provider


def _load() -> Provider:
    from pulumi_embedded.standins.cloudflare.provider import build_provider  # noqa: PLC0415 the port is told before

    return build_provider()


main(_load)
