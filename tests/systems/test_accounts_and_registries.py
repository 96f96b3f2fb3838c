"""What a system hands to Railway's provider in its own name: the account of its stack or its own, and registries."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from stacks import own_system
from stacks.account import AccountSettings, provider_of
from stacks.own.settings import OwnSettings
from stacks.secrets import SystemSecrets, unknown

PROJECT = {"name": "shop-test", "environment": "test"}


OF_THE_STACK = {"workspaceId": "stacks", "projectToken": "planted", "apiUrl": "https://x.example"}


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ({"plan": "hobby"}, {"projectToken": "planted", "workspaceId": "stacks", "plan": "hobby"}),
        ({"tokenVariable": "SHOP_TOKEN"}, {"token": "planted-of-shop"}),
    ],
)
def test_a_system_with_another_account_has_nothing_of_the_stacks(deploy, monkeypatch, account, expected) -> None:
    """A plan alone keeps the stack's token and workspace; another token is of an account with other workspaces."""
    monkeypatch.setenv("SHOP_TOKEN", "planted-of-shop")

    def program() -> None:
        pulumi.runtime.set_all_config({f"railway:{key}": value for key, value in OF_THE_STACK.items()})
        provider_of("shop", AccountSettings.model_validate_json(json.dumps(account)))

    seen = deploy(program)

    assert seen["pulumi:providers:railway", "shop-railway"] == {"apiUrl": "https://x.example", **expected}


def test_a_registrys_password_that_nobody_can_open_stays_as_it_is(preview) -> None:
    """A preview without the key shows no change of the service for it; one that was written anew is a change."""
    web: dict[str, Any] = {"image": "ghcr.io/a/b:1", "registryUsername": "me", "registryPassword": "TOKEN"}
    settings = OwnSettings.model_validate({"project": PROJECT, "services": {"web": web}})

    def ignored(*unopened: str) -> set[str]:
        names: set[str] = set()

        def note(args: pulumi.ResourceTransformationArgs) -> None:
            if args.type_ == "railway:index:ServiceInstance":
                names.update(args.opts.ignore_changes or [])

        def program() -> None:
            pulumi.runtime.register_stack_transformation(note)
            secrets = SystemSecrets(values={"WEB_TOKEN": unknown()}, unknown_variables=frozenset(unopened))
            own_system.system_of("shop")(settings, secrets, [])

        preview(program)
        return names

    assert ignored("WEB_TOKEN") == {"registryCredentials.password"}
    assert ignored() == set()
