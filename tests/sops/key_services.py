"""AWS KMS and the transit engine of Vault on this machine, as far as the ``sops`` program calls them.

KMS is moto's; of Vault there are the two calls, with a cipher in which only the form is Vault's.
"""

from __future__ import annotations

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moto.kms.models import kms_backends

ACCOUNT, REGION = "111122223333", "eu-west-1"
TOKEN = "token-of-vault"


class KeyServices(ThreadingHTTPServer):
    """Both services. ``lost`` holds those that refuse everybody: ``kms``, ``vault``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.lost: set[str] = set()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.kms = kms_backends[ACCOUNT][REGION]
        self.arn = self.kms.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "of a test", None).arn

    @property
    def environment(self) -> dict[str, str]:
        """Where the services are and who asks."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "id-of-a-test",
            "AWS_SECRET_ACCESS_KEY": "key-of-a-test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "VAULT_ADDR": self.url,
            "VAULT_TOKEN": TOKEN,
        }

    @property
    def rule(self) -> dict[str, Any]:
        """A creation rule for either service."""
        return {"kms": self.arn, "hc_vault_transit_uri": self.vault}

    @property
    def vault(self) -> str:
        """The address of Vault's key."""
        return f"{self.url}/v1/transit/keys/railyard"

    def answer(self, call: str, given: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call of either service."""
        match call:
            case "TrentService.Encrypt":
                blob, arn = self.kms.encrypt(given["KeyId"], b64decode(given["Plaintext"]), {})
                return {"CiphertextBlob": b64encode(blob).decode(), "KeyId": arn}
            case "TrentService.Decrypt":
                plain, arn = self.kms.decrypt(b64decode(given["CiphertextBlob"]), {})
                return {"Plaintext": b64encode(plain).decode(), "KeyId": arn}
            case "/v1/transit/encrypt/railyard":
                return {"data": {"ciphertext": f"vault:v1:{given['plaintext'][::-1]}"}}
            case "/v1/transit/decrypt/railyard":
                return {"data": {"plaintext": given["ciphertext"].removeprefix("vault:v1:")[::-1]}}
            case _:
                raise ValueError(call)


class _Calls(BaseHTTPRequestHandler):
    server: KeyServices  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_PUT(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        call = self.headers["X-Amz-Target"] or self.path
        service = "kms" if call.startswith("TrentService") else "vault"
        refused = service in self.server.lost or (service == "vault" and self.headers["X-Vault-Token"] != TOKEN)
        text = json.dumps({"__type": "AccessDeniedException"} if refused else self.server.answer(call, given))
        self.send_response((400 if service == "kms" else 403) if refused else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_POST(self) -> None:
        self.do_PUT()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def running() -> Iterator[KeyServices]:
    """Both services, for as long as the block lasts."""
    with KeyServices() as services:
        threading.Thread(target=services.serve_forever, daemon=True).start()
        yield services
        services.shutdown()
