"""Put into the wheel what Pulumi looks for beside an installed SDK; everything else stands in ``pyproject.toml``.

``pulumi-plugin.json`` is not in the source tree: there the program names its plugin by path, and with the file
`pulumi install` would try to download one. A release names itself as the place to download it from, in
PULUMI_PLUGIN_SERVER.
"""

import json
import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithPluginFiles(build_py):
    """Builds the modules, ``schema.json`` and ``pulumi-plugin.json``."""

    def run(self) -> None:
        """Add the two files to the modules, unless the package is installed in place."""
        super().run()
        if self.editable_mode:
            return
        package = Path(self.build_lib, "pulumiverse_railway")
        shutil.copy("schema.json", package)
        plugin: dict[str, object] = {"resource": True, "name": "railway", "version": self.distribution.get_version()}
        if server := os.environ.get("PULUMI_PLUGIN_SERVER"):
            plugin["server"] = server
        (package / "pulumi-plugin.json").write_text(json.dumps(plugin) + "\n", encoding="utf-8")


setup(cmdclass={"build_py": BuildWithPluginFiles})
