"""The plugin, as the engine starts it: ``python packages/pulumiverse-railway <engine address>``."""

import sys
from pathlib import Path
from types import ModuleType

# The provider stands below its SDK, which loads all of Pulumi's: a plugin serves programs and is none.
_package = ModuleType("pulumiverse_railway")
_package.__path__ = [str(Path(__file__).parent / "pulumiverse_railway")]
sys.modules["pulumiverse_railway"] = _package

from pulumiverse_railway.provider.main import run  # noqa: E402

run()
