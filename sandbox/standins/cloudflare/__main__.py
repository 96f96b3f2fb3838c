"""Starts the stand-in for the Cloudflare plugin: ``python sandbox/standins/cloudflare <engine address>``.

The engine starts plugins in the program's directory, so the import paths are set here: the directory of this file,
which Python puts first, would make its modules importable under wrong names.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:1] = [str(ROOT), str(ROOT / "providers" / "railway")]

from sandbox.standins.cloudflare.provider import run  # noqa: E402

run()
