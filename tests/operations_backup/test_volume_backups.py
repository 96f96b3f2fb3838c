"""Volumes: backups on demand and by schedule, and a restore that ends with a healthy service or says how to go back."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from railway_sandbox.railway.environments import config_patch
from tests.lifecycle.conftest import InProcess
from tests.operations.conftest import Railyard
from tests.operations_backup.conftest import FULL, WHERE, disk_of
from tests.simulated import fail

DAY_S = 86_400


def create(railyard: Railyard, *more: str) -> str:
    """A backup, by its name."""
    said = railyard.run("backup", "create", WHERE, "--json", *more)
    assert said.code == 0, said.text
    return said.json["backups"][WHERE]["name"]


def listed(railyard: Railyard) -> list[str]:
    """The names of the backups, newest first."""
    said = railyard.run("backup", "list", WHERE, "--json")
    return [each["name"] for each in said.json["volumes"][WHERE]["backups"]]


def fill(railyard: Railyard, used_mb: float) -> None:
    """Let there be so much on the volume."""
    with railyard.world() as world:
        disk_of(world).used_mb = used_mb


def test_a_volume_without_backups_is_a_problem(railyard: Railyard):
    """The list says so, with the command that helps."""
    said = railyard.run("backup", "list")

    assert said.code == 1
    assert "netia/postgres has no backup; next: ./bin/railyard backup create netia/postgres -s staging" in said.text


def test_the_volumes_of_a_stack_that_is_not_up_are_not_called_missing(railyard: Railyard):
    """Its settings have one, so that another look at the list would lead nowhere."""
    said = railyard.run("backup", "list", "netia", "-s", "production")

    assert said.code == 1
    assert "production has no project netia-production on Railway: bring it up first" in said.errors


def test_a_backup_is_made_while_somebody_waits(railyard: Railyard):
    """It is there when the command ends, with size and end."""
    fill(railyard, 300)
    said = railyard.run("backup", "create")

    assert said.code == 0
    assert "300 MB, kept until somebody deletes it" in said.flat
    assert len(listed(railyard)) == 1


def test_a_backup_whose_answer_was_lost_is_found(railyard: Railyard):
    """And there is one, not two."""
    with railyard.world() as world:
        fail(world, "volumeInstanceBackupCreate", when="lost")

    assert listed(railyard) == []
    assert create(railyard)
    assert len(listed(railyard)) == 1


def test_a_backup_that_fails_says_why(railyard: Railyard):
    """In Railway's words: one on demand may hold half of the volume."""
    fill(railyard, 600)
    said = railyard.run("backup", "create", WHERE)

    assert said.code == 1
    assert "the backup of netia/postgres failed: Backup exceeds 50%" in said.errors


def test_a_failure_after_a_backup_does_not_hide_it_from_programs(railyard: Railyard):
    """Railway has it: the document lists it beside what failed."""
    create(railyard)
    with railyard.world() as world:
        world.manual.advance(DAY_S)
        fail(world, "volumeInstanceBackupDelete", status=200, message="no")
    said = railyard.run("backup", "create", WHERE, "--keep", "1", "--json")

    assert said.code == 1
    assert "no" in said.json["error"]
    assert said.json["backups"][WHERE]["name"] in listed(railyard)


def test_only_own_backups_are_thinned_out(railyard: Railyard):
    """Scheduled ones and those that somebody named stay."""
    with railyard.world() as world:
        world.manual.advance(2 * DAY_S)
    for name in ("before the migration", "railyard-before-the-migration"):
        create(railyard, "--name", name)
    first, second = create(railyard), create(railyard)
    with railyard.world() as world:
        world.manual.advance(DAY_S)
    third = create(railyard, "--keep", "1")

    there = listed(railyard)
    assert there.count("Daily") == 3
    assert {"before the migration", "railyard-before-the-migration"} <= set(there)
    assert [name for name in there if name.startswith("railyard-2")] == [third]
    assert len({first, second, third} & set(there)) == 1


def test_a_restore_needs_the_whole_name(railyard: Railyard):
    """Nothing is asked of Railway that changes anything."""
    create(railyard)
    for typed in ((), ("--confirm", WHERE), ("--confirm", "production/netia/postgres")):
        said = railyard.run("restore", "volume", WHERE, "latest", *typed)
        assert said.code == 2
        assert f"give --confirm {FULL}" in said.errors

    changes = [line for line in railyard.requests() if "mutation" in line]
    assert changes == ["railway mutation volumeInstanceBackupCreate"]


def test_a_restore_brings_back_what_was_there(railyard: Railyard):
    """The service runs on a volume with the state of the backup; newer backups go, and that was said before."""
    fill(railyard, 300)
    name = create(railyard)
    fill(railyard, 450)
    newer = create(railyard, "--name", "newer")
    said = railyard.run("restore", "volume", WHERE, name, "--confirm", FULL)

    assert said.code == 0, said.errors
    assert f"Railway deletes backups that are newer than the restored one, these and one made now: {newer}" in said.flat
    assert "netia/postgres is healthy on volume" in said.text
    assert listed(railyard) == [name]
    with railyard.world() as world:
        assert disk_of(world).used_mb == 300
        former = [each for each in world.railway.state.volume_instances.values() if each.service_id is None]
        assert [each.used_mb for each in former] == [450]


def test_the_next_up_takes_the_restored_volume_over(railyard: Railyard, tmp_path: Path):
    """A refresh sees that the volume is another one, an up takes that one over and makes none."""
    create(railyard)
    assert railyard.run("restore", "volume", WHERE, "latest", "--confirm", FULL, "--no-backup-first").code == 0
    checkout = InProcess(tmp_path / "railyard")
    shutil.copytree(railyard.directory, checkout.sandbox)
    checkout.json("refresh", "-s", "staging", "--system", "netia")
    done = checkout.json("up", "-s", "staging", "--system", "netia")

    assert done.operations() == {"create": 1}
    asked = [each["operation"] for each in checkout.requests()]
    assert not [operation for operation in asked if "volumeCreate" in operation]


def test_a_restore_that_leaves_the_service_unhealthy_says_how_to_go_back(railyard: Railyard):
    """The former volume is named."""
    create(railyard)
    with railyard.world() as world:
        world.railway.fail_image("ghcr.io/railwayapp-templates/postgres-ssl", "crash")
        former = disk_of(world).volume_id
    said = railyard.run("restore", "volume", WHERE, "latest", "--confirm", FULL, "--no-backup-first")

    assert said.code == 1
    assert re.search(r"is not healthy on the restored volume: deployment \w{8} is CRASHED: its process", said.errors)
    assert f"to go back, mount volume postgres-volume ({former})" in said.errors


def test_a_restore_deploys_nobody_elses_changes(railyard: Railyard):
    """Changes that wait in the dashboard would go along."""
    create(railyard)
    with railyard.world() as world:
        environment, service = world.find("netia/app")
        patch = {"services": {service.id: {"variables": {"HALF": {"value": "done"}}}}}
        config_patch.stage(world.railway, environment, patch, world.clock.now())
    said = railyard.run("restore", "volume", WHERE, "latest", "--confirm", FULL)

    assert said.code == 1
    assert "1 staged change of netia-staging would be deployed too" in said.errors
    changes = [line for line in railyard.requests() if "mutation" in line]
    assert changes == ["railway mutation volumeInstanceBackupCreate"]


@pytest.mark.parametrize("where", ["netia/app", "nobody", "netia/nothing"])
def test_a_wrong_name_is_a_wrong_call(railyard: Railyard, where: str):
    """Also that of a service without a volume."""
    assert railyard.run("backup", "create", where).code == 2
