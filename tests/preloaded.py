"""What a forked process has imported before it begins, and where it takes the packages of this project from.

Runs in the server of ``fork_server`` and in its forks.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import pkgutil
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import typer.main

PRELOADED = (
    "annotated_types", "anyio._backends._asyncio", "boto3", "cryptography.hazmat.primitives.asymmetric.x25519",
    "cryptography.hazmat.primitives.ciphers.aead", "cryptography.x509", "dill", "graphql", "grpc.aio", "httpx",
    "moto.s3.models", "moto.s3.responses", "pulumi.automation", "pulumi.provider", "pydantic.main",
    "pydantic.type_adapter", "pyrage", "rich.console", "rich.live", "rich.markup", "rich.table", "ruamel.yaml",
    "sniffio", "tarfile", "typer", "yaml", "zoneinfo",
)  # fmt: skip
"""Without the SDKs of Cloudflare and DigitalOcean, of which ``components/packages.py`` loads what is used."""
OWN = (
    "sops", "pulumi_operations", "railway_api", "pulumi_provider", "railway_sandbox", "pulumiverse_railway",
    "pulumi_embedded", "components", "stacks", "railyard",
)  # fmt: skip
"""Packages of this project, each after those that it imports."""
GENERATORS = ("components.generate", "pulumiverse_railway.provider.generate", "stacks.schema")
"""Modules that write beside themselves: each process loads its own."""
_sources: dict[Path, dict[Path, bytes]] = {}
"""Folder of a package → its files of Python, and what stands in them."""
USED = {
    "cloudflare": ("DnsRecord", "UniversalSslSetting", "ZoneSetting", "get_zone"),
    "digitalocean": ("Cdn", "SpacesBucket", "SpacesBucketCorsConfiguration", "SpacesKey"),
}
"""Of the packages of the two clouds, by ``components/packages.py``."""
_MADV_COLLAPSE = 25


def load(*, own: bool) -> None:
    """Load what the new processes have."""
    for name in PRELOADED:
        importlib.import_module(name)
    if own:
        _load_own()
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]
    del sys.path[0]
    assert len([*Path("/proc/self/task").iterdir()]) == 1, "a fork has none of the threads that a package has started"
    gc.collect()
    gc.freeze()
    _collapse()


def _collapse() -> None:
    """Have Linux collapse this process' memory into huge pages: a fork copies an entry for each page.

    Where it cannot (before Linux 6.1), pages stay as they are.
    """
    madvise = ctypes.CDLL(None).madvise
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, rights, _, _, _, *name = line.split()
        if "w" in rights and name in ([], ["[heap]"]):
            start, end = (int(address, 16) for address in place.split("-"))
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


def _load_own() -> None:
    """Load the packages of this project whole, but for the modules that are programs."""
    root = Path(__file__).parents[1]
    before = list(sys.path)
    sys.path[:0] = [str(root), *map(str, root.glob("packages/*"))]
    for name in OWN:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__") and module.name not in GENERATORS:
                importlib.import_module(module.name)
        _sources[_folder(package)] = _sources_in(_folder(package))
    packages = importlib.import_module("components.packages")
    for cloud, names in USED.items():
        for name in names:
            getattr(getattr(packages, cloud), name)
    # The simulated Railway judges each document by its schema once.
    parsed = importlib.import_module("railway_sandbox.railway.wire").parsed
    for _, text in importlib.import_module("railway_api.documents").DOCUMENTS:
        parsed(text)
    # So are the trees of all commands made once.
    typer.main.get_command = cache(typer.main.get_command)
    for name in ("railyard.application", "railyard.engine.commands"):
        typer.main.get_command(importlib.import_module(name).application)
    shared_salt = importlib.import_module("tests.shared_salt")
    shared_salt.share()
    shared_salt.derive()
    sys.path[:] = before


def _folder(package: ModuleType) -> Path:
    return Path(str(package.__file__)).parent


def _sources_in(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.py")}


def adopt_copies() -> None:
    """Let packages of this project lie where this process would find them, up to the first that is another one there.

    From that one on they are forgotten. Those to which a link leads stay where they are.
    """
    for index, name in enumerate(OWN):
        if name not in sys.modules:
            return
        specs = (finder.find_spec(name, None) for finder in sys.meta_path)
        spec, here = next(filter(None, specs), None), _folder(sys.modules[name])
        there = Path(spec.origin).parent if spec and spec.origin else None
        if there is not None and there.samefile(here):
            continue
        if there is None or _sources_in(there) != _sources[here]:
            for module in [module for module in sys.modules if module.partition(".")[0] in OWN[index:]]:
                del sys.modules[module]
            return
        _move(name, str(here), str(there))


def _move(name: str, here: str, there: str) -> None:
    for module in [module for path, module in sys.modules.items() if path.partition(".")[0] == name]:
        spec = module.__spec__
        if spec is None or module.__file__ is None:
            continue
        module.__file__ = module.__file__.replace(here, there)
        if spec.submodule_search_locations is not None:
            module.__path__ = [path.replace(here, there) for path in module.__path__]
            spec.submodule_search_locations[:] = module.__path__
        spec.origin = module.__file__
