"""Refusals of the simulated Cloudflare API: status, Cloudflare's own error code, and its text.

Codes and texts are Cloudflare's where they are known. Validation errors stand alone in ``errors``, without the
``error_chain`` that Cloudflare retired in October 2024.
"""

from __future__ import annotations


class RefusedError(Exception):
    """A request that Cloudflare answers with ``success: false``."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def no_credentials() -> RefusedError:
    return RefusedError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")


def no_route(path: str) -> RefusedError:
    return RefusedError(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def method_not_allowed(method: str) -> RefusedError:
    return RefusedError(405, 10_405, f"Method not allowed for this authentication scheme: {method}")


def not_simulated(feature: str) -> RefusedError:
    return RefusedError(501, 1, f"the sandbox does not simulate {feature} of Cloudflare")


def unreadable(reason: str) -> RefusedError:
    return RefusedError(400, 9207, f"Request body is invalid: {reason}")


def record_not_found() -> RefusedError:
    return RefusedError(404, 81_044, "Record does not exist.")


def host_taken() -> RefusedError:
    return RefusedError(400, 81_053, "An A, AAAA, or CNAME record with that host already exists.")


def alias_taken() -> RefusedError:
    return RefusedError(400, 81_054, "A CNAME record with that host already exists.")


def identical_record() -> RefusedError:
    return RefusedError(400, 81_058, "An identical record already exists.")


def invalid_record(code: int, message: str) -> RefusedError:
    return RefusedError(400, code, message)


def unknown_setting() -> RefusedError:
    return RefusedError(400, 1006, "Unrecognized zone setting name")


def invalid_setting(name: str) -> RefusedError:
    return RefusedError(400, 1007, f"Invalid value for zone setting {name}")


def phase_taken(phase: str) -> RefusedError:
    reason = f"exceeded maximum number of zone rulesets for phase {phase}"
    return RefusedError(400, 20_217, f"'zone' is not a valid value for kind because {reason}")


def no_entry_point(phase: str) -> RefusedError:
    return RefusedError(404, 10_003, f"could not find entrypoint ruleset in the {phase} phase")


def ruleset_not_found(id: str) -> RefusedError:
    return RefusedError(404, 10_003, f"could not find ruleset {id}")


def invalid_ruleset(reason: str) -> RefusedError:
    """Return a refusal with one code for all reasons, of which Cloudflare has one each."""
    return RefusedError(400, 20_000, reason)


def too_many_rules(phase: str, count: int, most: int) -> RefusedError:
    return invalid_ruleset(f"exceeded maximum number of rules in the phase {phase}: {count} out of {most}")
