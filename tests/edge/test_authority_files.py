"""The two files of the simulated certificate authority, whatever happens to the run that makes them."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from railway_sandbox.edge.certificate_authority import CertificateAuthority
from tests.killed_writes import killed_everywhere


def test_a_killed_first_run_leaves_no_torn_authority(tmp_path: Path) -> None:
    """The next run makes or finds a whole key and certificate, which only their owner may read."""
    numbers = count()

    def folder() -> Path:
        place = tmp_path / str(next(numbers))
        place.mkdir()
        return place

    for _, place in killed_everywhere(folder, CertificateAuthority):
        authority = CertificateAuthority(place)
        assert authority.file.read_bytes() == CertificateAuthority(place).file.read_bytes()
        assert {each.stat().st_mode & 0o777 for each in place.iterdir() if each.suffix != ".part"} == {0o600}
