"""The plugin, as the engine starts it: ``python packages/pulumiverse-railway <engine address>``."""

from pulumiverse_railway.provider.main import run

run()
