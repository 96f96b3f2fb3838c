"""Refusals of the simulated DigitalOcean API: status, DigitalOcean's own error id, and its text."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that DigitalOcean answers with ``{"id": …, "message": …}``."""

    def __init__(self, status: int, id: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.id = id
        self.message = message


def no_credentials() -> RefusedError:
    return RefusedError(403, "forbidden", "Unable to authenticate you: a bearer token is needed.")


def not_found() -> RefusedError:
    return RefusedError(404, "not_found", "The resource you were accessing could not be found.")


def method_not_allowed(method: str) -> RefusedError:
    return RefusedError(405, "method_not_allowed", f"The method {method} is not allowed here.")


def not_simulated(feature: str) -> RefusedError:
    return RefusedError(501, "not_implemented", f"the sandbox does not simulate {feature} of DigitalOcean")


def unreadable(reason: str) -> RefusedError:
    return RefusedError(400, "bad_request", f"Unable to process the request: {reason}.")


def invalid(message: str) -> RefusedError:
    return RefusedError(422, "unprocessable_entity", message)


def conflict(message: str) -> RefusedError:
    return RefusedError(409, "conflict", message)


def in_use(message: str) -> RefusedError:
    return RefusedError(403, "forbidden", message)


def not_empty(message: str) -> RefusedError:
    return RefusedError(412, "precondition_failed", message)
