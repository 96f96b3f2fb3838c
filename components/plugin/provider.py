"""The provider of the package: it makes the component that a program in another language asks for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult, Provider, main
from typing_extensions import override

from components.checking import refuse
from components.plugin.parts import PARTS, token_of
from components.plugin.values import arguments, wrong_keys

SCHEMA: Final = Path(__file__).parent / "schema.json"


class Components(Provider):
    """A provider whose resources are the components."""

    def __init__(self) -> None:
        schema = SCHEMA.read_text(encoding="utf-8")
        super().__init__(json.loads(schema)["version"], schema)
        self._parts = {token_of(name): part for name, part in PARTS.items()}
        self._declared: dict[str, Any] = json.loads(schema)["resources"]

    @override
    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        part = self._parts[resource_type]
        try:
            self._check(name, resource_type, inputs)
            component = part.make(name, arguments(name, part.settings, inputs), options)
            outputs = part.outputs_of(component)
        except pulumi.RunError as error:
            raise InputPropertiesError(str(error), []) from None
        return ConstructResult(component.urn, {key: value for key, value in outputs.items() if value is not None})

    def _check(self, name: str, resource_type: str, inputs: pulumi.Inputs) -> None:
        """Refuse what is missing and what means nothing."""
        declared = self._declared[resource_type]
        refuse(name, wrong_keys(inputs, declared["requiredInputs"], list(declared["inputProperties"]), ()))


def run() -> None:
    """Serve until the engine stops it."""
    main(Components(), sys.argv[1:])


__all__ = ["Components", "run"]
