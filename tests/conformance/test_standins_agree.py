"""The stand-ins send the requests of Pulumi's own plugins and give the same outputs, resource by resource.

Needs the Pulumi CLI and the real plugin; each cloud is held to its own, so that one of them is enough for its half.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import put_standins
from tests.conformance.stories import TALES, story
from tests.lifecycle.conftest import ROOT


@pytest.mark.parametrize(
    ("cloud", "step"),
    [
        pytest.param(cloud, step, id=f"{cloud}: {step.name}", marks=pytest.mark.needs(cloud))
        for cloud, tale in TALES.items()
        for step in tale
    ],
)
def test_a_stand_in_does_what_the_real_plugin_does(stories, cloud, step):
    real, standin = (each[step.name] for each in stories(cloud))

    order = sorted if step.is_refresh else list
    assert order(standin["requests"]) == order(real["requests"])
    assert standin["resources"] == real["resources"]


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The stories of the real plugin and of the stand-in, told once for each cloud."""
    told: dict[str, list[dict[str, Any]]] = {}

    def tell(cloud: str) -> list[dict[str, Any]]:
        if cloud not in told:
            directory = tmp_path_factory.mktemp(cloud)
            standins = directory / "plugins"
            put_standins(ROOT, standins)
            told[cloud] = [story(directory / name, cloud, where) for name, where in (("r", None), ("s", standins))]
        return told[cloud]

    return tell
