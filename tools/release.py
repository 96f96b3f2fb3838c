"""Write what a release has beside the wheels in ``dist``: ``requirements.txt``, and the provider as plugin archives.

Started as ``python -m tools.release [ADDRESS]`` by ``make wheels``. ADDRESS is where the release's files are downloaded
from; without it the wheels are named where they lie. The archives have the names by which the Pulumi CLI looks for
them, one for each system and architecture; what is in them is the same, since the provider is Python: the CLI makes
the virtual environment of a plugin from its ``requirements.txt``.
"""

from __future__ import annotations

import gzip
import io
import shutil
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from railyard.init import requirements
from tools.versions import version

ROOT: Final = Path(__file__).parents[1]
DIST: Final = ROOT / "dist"
PLATFORMS: Final = ("darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64")
PACKAGE: Final = "pulumiverse-railway"
_PLUGIN: Final = """\
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: venv
"""
_PROGRAM: Final = """\
\"\"\"The plugin, as the engine starts it: ``python <this folder> <engine address>``.\"\"\"

from pulumiverse_railway.provider.main import run

run()
"""


def archive_name(platform: str) -> str:
    """Return the name by which the Pulumi CLI looks for the plugin of a platform, such as ``linux-amd64``."""
    return f"pulumi-resource-railway-v{version()}-{platform}.tar.gz"


def plugin_files(dist: Path) -> dict[str, bytes]:
    """Return the files of the plugin, path → content: its three wheels, and what they need, pinned with hashes."""
    needed = requirements.needed_by(PACKAGE)
    wheels = [each for each in requirements.in_folder(dist, dist) if each.name in needed]
    lines = [f"./wheels/{Path(each.address).name} --hash=sha256:{each.sha256}" for each in wheels]
    files = {f"wheels/{name}": (dist / name).read_bytes() for name in (Path(each.address).name for each in wheels)}
    text = "\n".join(lines) + "\n" + requirements.pinned_of(needed)
    texts = {"PulumiPlugin.yaml": _PLUGIN, "__main__.py": _PROGRAM, "requirements.txt": text}
    return {**{name: each.encode() for name, each in texts.items()}, **files}


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of ``files``, which is the same whenever it is made."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def write(dist: Path, address: str) -> list[Path]:
    """Write the files of the release into ``dist``; return them."""
    wheels = requirements.released(dist, address or dist.resolve().as_uri())
    pins = dist / "requirements.txt"
    pins.write_text(requirements.text(wheels), encoding="utf-8")
    first, *other_archives = (dist / archive_name(each) for each in PLATFORMS)
    first.write_bytes(_archive(plugin_files(dist)))
    for other in other_archives:
        shutil.copyfile(first, other)
    return [pins, first, *other_archives]


if __name__ == "__main__":
    for file in write(DIST, "".join(sys.argv[1:2])):
        sys.stdout.write(f"{file.relative_to(ROOT)}\n")
