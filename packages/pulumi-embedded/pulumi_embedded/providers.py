"""The providers of one run: default ones, explicit ones, and those that only the state knows.

Keeps the process and the record of each provider resource. Each has a process of its own, as with the Pulumi CLI, so
that two configurations of one package do not share one.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from pulumi_embedded.journal import Journal
from pulumi_embedded.plugins import Plugin, ProviderError
from pulumi_embedded.provider import Provider
from pulumi_embedded.state import PROVIDER_PREFIX, Resource, timestamp
from pulumi_operations.values import UNKNOWN_ON_THE_WIRE, Properties, differences

_NOT_CONFIGURATION = ("version", "__internal")  # what the engine itself keeps among a provider's inputs


class Providers:
    """Start, configure and find providers. Safe to use from several threads."""

    def __init__(
        self,
        *,
        journal: Journal,
        start: Callable[[str], Plugin],
        config: Mapping[str, str],
        environment: Mapping[str, str],
        urn_prefix: str,
        preview: bool,
    ) -> None:
        """Take what starts the plugin of a package; ``urn_prefix`` is ``urn:pulumi:<stack>::<project>::``."""
        self._journal, self._start, self._config, self._environment = journal, start, config, environment
        self._urn_prefix, self._preview = urn_prefix, preview
        self._lock = threading.RLock()
        self._configured: dict[str, Provider] = {}
        self._plugins: list[Plugin] = []
        self._early: dict[str, Plugin] = {}
        self._defaults: dict[str, str] = {}
        self._cancelled = False

    def start_early(self, packages: Iterable[str]) -> None:
        """Start the plugins of packages that will be needed, in the background."""
        for package in packages:
            with suppress(ProviderError):  # reported when the package is needed
                self._early[package] = self._start(package)

    def default(self, package: str, version: str, download_url: str) -> str:
        """Return the reference (URN::id) of a package's default provider, made on first use."""
        name = "default" + ("_" + version.translate(str.maketrans(".-+", "___")) if version else "")
        urn = f"{self._urn_prefix}{PROVIDER_PREFIX}{package}::{name}"
        with self._lock:
            if urn not in self._defaults:
                settings = {
                    key.partition(":")[2]: value
                    for key, value in self._config.items()
                    if key.partition(":")[0] == package
                }
                inputs: Properties = {**settings}
                if version:
                    inputs["version"] = version
                if download_url:
                    inputs["__internal"] = {"pluginDownloadURL": download_url}
                resource = Resource(urn=urn, type=PROVIDER_PREFIX + package, custom=True, inputs=inputs)
                self._defaults[urn] = self.declare(resource, self._recorded(urn))
            return self._defaults[urn]

    def builtin(self) -> None:
        """Record the provider of the engine's own functions, as the CLI does. It has no process."""
        urn = f"{self._urn_prefix}{PROVIDER_PREFIX}pulumi::default"
        with self._lock:
            if urn in self._defaults:
                return
            resource = self._recorded(urn)
            if resource is not None:
                self._journal.keep(resource)
            else:
                resource = Resource(urn=urn, type=PROVIDER_PREFIX + "pulumi", custom=True)
                self._begin(resource)
                self._journal.settle(resource)
            self._defaults[urn] = f"{urn}::{resource.id}"

    def declare(self, resource: Resource, old: Resource | None) -> str:
        """Check and configure a provider resource and complete its record; return its reference, ``URN::id``."""
        with self._lock:
            provider = self._provider(resource.urn)
            own = {key: value for key, value in resource.inputs.items() if key in _NOT_CONFIGURATION}
            checked = provider.check_config(_configuration(old.inputs) if old else {}, _configuration(resource.inputs))
            resource.inputs = {**checked, **own}
            resource.outputs = resource.inputs
            pending_delete = -1
            if old is not None and not differences(old.inputs, resource.inputs):
                resource.outputs = old.outputs
            elif old is not None and provider.config_replaces(old, checked):
                pending_delete, old = old.place, None
            elif old is not None and provider.config_stays(old, checked):
                checked, resource.outputs = _configuration(old.inputs), old.outputs
            if old is not None:
                resource.id, resource.created, resource.modified = old.id, old.created, old.modified
            else:
                self._begin(resource)
            provider.configure(checked, resource.id)
            reference = f"{resource.urn}::{resource.id}"
            self._configured[reference] = provider
            self._journal.settle(resource, old.place if old else -1, pending_delete=pending_delete)
            return reference

    def _recorded(self, urn: str) -> Resource | None:
        return next((each for each in self._journal.snapshot.remaining() if each.urn == urn), None)

    def _begin(self, resource: Resource) -> None:
        resource.id = UNKNOWN_ON_THE_WIRE if self._preview else str(uuid.uuid4())
        resource.created = resource.modified = timestamp()

    def _provider(self, urn: str) -> Provider:
        package = urn.split("::")[2].rsplit("$", 1)[-1].removeprefix(PROVIDER_PREFIX)
        plugin = self._early.pop(package, None) or self._start(package)
        self._plugins.append(plugin)
        if self._cancelled:
            plugin.cancel()
        plugin.connect()
        return Provider(plugin, urn, preview=self._preview, environment=self._environment)

    def get(self, reference: str) -> Provider:
        """Return the provider of a reference; one that only the state knows is configured as it was."""
        with self._lock:
            if reference not in self._configured:
                urn, _, id_ = reference.rpartition("::")
                snapshot = self._journal.snapshot
                resources = [*snapshot.remaining(), *snapshot.settled.values()]
                # By id alone: a provider may have been renamed since the reference was written.
                record = next((each for each in resources if each.is_provider and each.id == id_), None)
                if record is None:
                    raise ProviderError(f"the state has no provider {urn}")
                current = self._configured.get(f"{record.urn}::{id_}")
                if current is None:
                    current = self._provider(record.urn)
                    current.configure(_configuration(record.inputs), id_)
                self._configured[reference] = current
            return self._configured[reference]

    def changed(self, old: Resource, reference: str) -> bool:
        """Tell whether a resource must be replaced because another provider, or a replaced one, manages it now."""
        urn, _, id_ = old.provider.rpartition("::")
        if id_ == reference.rpartition("::")[2]:  # the same one, at most renamed
            return False
        snapshot = self._journal.snapshot
        resources = [*snapshot.remaining(), *snapshot.settled.values()]
        before = next((each for each in resources if each.urn == urn and each.id == id_), None)
        return before is None or self.get(reference).config_replaces(before, self.get(reference).configuration)

    def cancel(self) -> None:
        """Ask all plugins to end what they are waiting for."""
        self._cancelled = True
        for plugin in list(self._plugins):
            plugin.cancel()

    def close(self) -> None:
        """End all plugins."""
        for plugin in (*self._plugins, *self._early.values()):
            plugin.close()


def _configuration(inputs: Mapping[str, Any]) -> Properties:
    return {key: value for key, value in inputs.items() if key not in _NOT_CONFIGURATION}
