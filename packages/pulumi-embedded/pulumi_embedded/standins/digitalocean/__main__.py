"""Starts the stand-in for the DigitalOcean plugin: ``python <folder of this file> <engine address>``.

Python puts the folder first on the import path, which would make its modules importable under wrong names.
"""

import sys

del sys.path[0]

from pulumi_embedded.standins.digitalocean.provider import run  # noqa: E402

run()
