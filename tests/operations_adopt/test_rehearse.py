"""An adoption is rehearsed in a throw-away sandbox, with made-up secrets, and nothing is left of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.operations_adopt.conftest import FORGOTTEN, Elsewhere


@pytest.mark.parametrize("system", ["seance"])
def test_a_rehearsal_ends_as_the_adoption_would(
    elsewhere: Elsewhere, system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 changes and 0 deployments, no request that writes, neither settings nor state nor a file afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    said = elsewhere.railyard("adopt", system, "-s", "staging", "--rehearse", "--json")

    assert said.code == 0, said.text + said.errors
    assert (said.json["left"], said.json["writes"], said.json["rehearsed"]) == ([], 0, True)
    assert said.json["imported"] >= 5
    assert elsewhere.settings.read_text() == FORGOTTEN
    assert elsewhere.writes() == []
    assert not (elsewhere.clouds / "staging.json").exists()
    assert list((tmp_path / "temporary").iterdir()) == []
