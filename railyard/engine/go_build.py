"""Builds the Pulumi CLI from its Go module, where there is a Go toolchain and no network beyond package registries.

Owns the place where it is kept between runs and checkouts, and the command. What comes of it is the CLI alone: neither
its Python language host nor the plugins of Cloudflare and DigitalOcean are Go modules that can be had. That is enough
for ``tests/conformance``, and for inline programs of the Automation API.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from railyard.shared.console import OperationError
from railyard.shared.project import project_directory

_CLI: Final = "github.com/pulumi/pulumi/pkg/v3"
_VERSION_VARIABLE: Final = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def module() -> Path:
    """Return the folder of the go.mod that pins the CLI and all that it is made of."""
    return project_directory() / "tools" / "pulumi"


def version() -> str:
    """Return the version that ``go.mod`` pins, ``3.274.1``."""
    found = re.search(rf"^\s*{re.escape(_CLI)} v(\S+)", (module() / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def program() -> Path:
    """Return where the built CLI is kept, in the user's cache: a build takes minutes."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "railyard" / "tools" / f"pulumi-{version()}" / "pulumi"


def built() -> Path | None:
    """Return the built CLI, or None."""
    return program() if program().exists() else None


def possible() -> bool:
    """Tell whether there is a Go toolchain and the module."""
    return shutil.which("go") is not None and (module() / "go.mod").exists()


def build(say: Callable[[str], object]) -> Path:
    """Build the CLI where it is missing, and return it. Raises ``OperationError`` with the end of what Go says."""
    if found := built():
        return found
    target = program()
    say(f"building the Pulumi CLI {version()} from its Go module into {target.parent} (some minutes, once)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        made = Path(directory) / "pulumi"
        flags = f"-s -w -X {_VERSION_VARIABLE}=v{version()}"
        done = subprocess.run(
            ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(made), f"{_CLI}/cmd/pulumi"],
            cwd=module(),
            env={
                **os.environ,
                "CGO_ENABLED": "0",
                "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -mod=readonly",
                "GOTOOLCHAIN": "local",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise OperationError("the Pulumi CLI could not be built:\n" + "\n".join(done.stderr.splitlines()[-5:]))
        made.replace(target)
    return target
