"""The provider of the components, as the engine starts it: ``python components <engine address>``."""

import sys
from pathlib import Path

# Python puts this folder on its path, in which the modules have other names.
sys.path[0] = str(Path(__file__).parent.parent)

from components.plugin.provider import run  # noqa: E402

run()
