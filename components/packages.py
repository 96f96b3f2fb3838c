"""The packages of Cloudflare's and DigitalOcean's providers, of which only what is used is loaded.

Each of them has a file for each resource, two files with the types of all resources (16 MB in both packages), and an
``__init__.py`` that loads everything: 3 seconds for eight classes. Here a resource is loaded from its own file, in a
package of another name, with the few types that it mentions. A program that imports the package itself, before or
after, sees nothing of this; what has no file of its own comes from the package.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = ["cloudflare", "digitalocean"]

_SHARED = ("_inputs", "outputs")
_CLASS = re.compile(rb"\nclass (\w+)")
_MENTIONED = re.compile(rb"\b[A-Z]\w+")
_NEXT_STATEMENT = re.compile(rb"\n(?=[@\w])")


class _Types(ModuleType):
    """Hold those types of ``_inputs.py`` or ``outputs.py`` that were asked for, and no other."""

    def __init__(self, name: str, file: Path) -> None:
        super().__init__(name)
        self.__package__, self.__file__ = name.rpartition(".")[0], str(file)
        self.__all__: list[str] = []
        self._source = file.read_bytes()
        self._places = {match[1].decode(): match.start() for match in _CLASS.finditer(self._source)}

    def define(self, name: str) -> set[str]:
        """Define a type and return the names that it mentions; do nothing for one of another file."""
        if name not in self._places:
            return set()
        if not self.__all__:  # the imports, which stand above the list of names
            self._run(self._source.partition(b"\n__all__ = [")[0])
        start = self._places.pop(name)
        following = _NEXT_STATEMENT.search(self._source, start + 1)
        source = self._source[start : following.start() if following else None]
        decorator = self._source[self._source.rfind(b"\n", 0, start) : start]
        self._run(decorator + source if decorator.startswith(b"\n@") else source)
        self.__all__.append(name)
        return _mentioned(source)

    def _run(self, source: bytes) -> None:
        exec(compile(source, f"<part of {self.__file__}>", "exec"), self.__dict__)  # noqa: S102 an installed package


def _mentioned(source: bytes) -> set[str]:
    return {name.decode() for name in _MENTIONED.findall(source)}


class _Package:
    """Stand for a package; its attributes are loaded when they are first used."""

    def __init__(self, name: str) -> None:
        self._name, self._cut = name, f"cut_of_{name}"

    def __getattr__(self, attribute: str) -> Any:
        whole = sys.modules.get(self._name)
        file = re.sub(r"(?<!^)(?=[A-Z])", "_", attribute.removesuffix("Args")).lower()
        if whole is None and (self._directory() / f"{file}.py").exists():
            whole = self._load(file)
        value = getattr(whole or importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)  # the same class at the next access
        return value

    def _directory(self) -> Path:
        spec = importlib.util.find_spec(self._name)
        assert spec is not None
        assert spec.origin is not None
        return Path(spec.origin).parent

    def _load(self, file: str) -> ModuleType:
        """Load a file of the package with what it mentions of the shared types."""
        directory = self._directory()
        if self._cut not in sys.modules:
            self._begin(directory)
        types = [sys.modules[f"{self._cut}.{name}"] for name in _SHARED]
        pending, loaded = _mentioned((directory / f"{file}.py").read_bytes()), set[str]()
        while pending:
            loaded |= pending
            mentioned = [each.define(name) for each in types for name in sorted(pending)]
            pending = set[str]().union(*mentioned) - loaded
        return importlib.import_module(f"{self._cut}.{file}")

    def _begin(self, directory: Path) -> None:
        """Make the package of another name, which finds its other files where the package has them."""
        package = ModuleType(self._cut)
        package.__path__ = [str(directory)]
        package.__spec__ = ModuleSpec(self._cut, None, is_package=True)
        # It looks up its version by its own name, so it keeps the one that it has in the package.
        spec = importlib.util.spec_from_file_location(f"{self._name}._utilities", directory / "_utilities.py")
        assert spec is not None
        assert spec.loader is not None
        utilities = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(utilities)
        modules = {name: _Types(f"{self._cut}.{name}", directory / f"{name}.py") for name in _SHARED}
        sys.modules[self._cut] = package
        for name, module in {"_utilities": utilities, **modules}.items():
            sys.modules[f"{self._cut}.{name}"] = module
            setattr(package, name, module)


if TYPE_CHECKING:
    import pulumi_cloudflare as cloudflare
    import pulumi_digitalocean as digitalocean
else:
    cloudflare = _Package("pulumi_cloudflare")
    digitalocean = _Package("pulumi_digitalocean")
