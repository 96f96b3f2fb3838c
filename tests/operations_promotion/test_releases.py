"""What a system runs, found in its settings; and what of a deployment stands there."""

from __future__ import annotations

import pytest

from railyard.shared.stack import read_stack
from stacks import python_systems
from stacks.releases import Release, names_a_version, tag_of, untagged
from stacks.seance import Seance, SeanceSettings

DIGEST = "sha256:" + "a" * 64


def test_every_system_says_what_it_runs():
    """Services of one repository are one release; Seance's images are its commit's; stores are nobody's."""
    settings = read_stack("production").settings.systems

    found = {
        f"{system.NAME} {release.name}": release.services
        for system in python_systems()
        for release in system.releases(settings[system.NAME])
    }

    assert found == {
        "omega bot.commitSha": ("bot",),
        "seance commit": ("backend", "landing", "beholder", "litellm"),
        "seance signaling.image": ("signaling",),
        "omnistack api.commitSha, worker.commitSha": ("api", "worker"),
        "netia app.commitSha": ("app",),
        "rose web.commitSha": ("web",),
    }


def test_an_image_of_its_own_is_no_longer_the_commits():
    """Whoever gives Seance's backend an image has taken it out of the release."""
    settings = read_stack("production").settings.systems["seance"]
    assert isinstance(settings, SeanceSettings)
    backend = settings.backend.model_copy(update={"image": "fractalhuman1/seance-backend:hotfix1"})

    releases = Seance.releases(settings.model_copy(update={"backend": backend}))

    assert {release.name: release.services for release in releases} == {
        "commit": ("landing", "beholder", "litellm"),
        "backend.image": ("backend",),
        "signaling.image": ("signaling",),
    }


@pytest.mark.parametrize(
    ("image", "name", "tag", "version"),
    [
        ("valkey/valkey:8", "valkey/valkey", "8", True),
        ("valkey/valkey:latest", "valkey/valkey", "latest", False),
        ("valkey/valkey", "valkey/valkey", "", False),
        ("registry.example:5000/app", "registry.example:5000/app", "", False),
        (f"registry.example:5000/app:latest@{DIGEST}", "registry.example:5000/app", "latest", True),
        (f"app@{DIGEST}", "app", "", True),
        ("app:main", "app", "main", False),
    ],
)
def test_images_are_taken_apart(image, name, tag, version):
    """Registries with ports, tags, digests; what names a version is the same image tomorrow."""
    assert (untagged(image), tag_of(image), names_a_version(image)) == (name, tag, version)


def test_a_short_commit_is_the_same_as_the_whole_one():
    """From seven digits on, and for commits of repositories alone."""
    commit = Release(kind="commit", keys=(("web", "commitSha"),), sources={"web": "rose/rose"})
    image = Release(kind="image", keys=(("web", "image"),), sources={"web": "rose"})

    assert commit.same("abcdef1", "abcdef1" + "0" * 33)
    assert not commit.same("abcdef", "abcdef1")
    assert not commit.same("abcdef1", None)
    assert not image.same("rose:1", f"rose:1@{DIGEST}")
