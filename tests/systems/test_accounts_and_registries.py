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
        ({"tokenVariable": "SHOP_TOKEN"}, {"token": "planted-of-shop", "workspaceId": "shops"}),
    ],
)
def test_a_system_with_another_account_has_nothing_of_the_stacks(deploy, monkeypatch, account, expected) -> None:
    """A plan alone keeps the stack's token and workspace; another token has the workspace of its project."""
    monkeypatch.setenv("SHOP_TOKEN", "planted-of-shop")

    def program() -> None:
        pulumi.runtime.set_all_config({f"railway:{key}": value for key, value in OF_THE_STACK.items()})
        settings = AccountSettings.model_validate_json(json.dumps(account))
        provider_of("shop", settings, workspace_id="shops")

    seen = deploy(program)

    assert seen["pulumi:providers:railway", "shop-railway"] == {"apiUrl": "https://x.example", **expected}


def test_a_registrys_password_without_the_key_is_not_ignored_where_the_state_may_have_no_registry(preview) -> None:
    """A service that first gets a registry, with a secret that is in use already, is previewed with its change."""
    web: dict[str, Any] = {"image": "ghcr.io/a/b:1", "registryUsername": "me", "registryPassword": "TOKEN"}
    settings = OwnSettings.model_validate({"project": PROJECT, "services": {"web": web}})
    ignored: list[str] = []

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_ == "railway:index:ServiceInstance":
            ignored.extend(args.opts.ignore_changes or [])

    def program() -> None:
        pulumi.runtime.register_stack_transformation(note)
        secrets = SystemSecrets(values={"WEB_TOKEN": unknown()}, unknown_variables=frozenset(["WEB_TOKEN"]))
        own_system.system_of("shop")(settings, secrets, [])

    seen = preview(program)

    assert ignored == []
    assert seen["railway:index:ServiceInstance", "shop-web-instance"]["registryCredentials"]["username"] == "me"
