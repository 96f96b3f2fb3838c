"""Refusals of the simulated Spaces that moto does not make itself: S3's codes in S3's XML."""

from __future__ import annotations

from xml.sax.saxutils import escape


class RefusedError(Exception):
    """A request that Spaces answers with an S3 error document."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def document(self) -> bytes:
        """Return the XML that S3 clients read."""
        inner = f"<Code>{self.code}</Code><Message>{escape(self.message)}</Message>"
        return f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}</Error>'.encode()


def unmapped_host(host: str) -> RefusedError:
    """Refuse a host without bucket; not by ``NoSuchBucket``, which clients repeat for five minutes."""
    return RefusedError(400, "InvalidRequest", f"the sandbox has no Spaces at {host!r}")


def name_taken() -> RefusedError:
    return RefusedError(
        409,
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again.",
    )


def already_yours() -> RefusedError:
    return RefusedError(409, "BucketAlreadyOwnedByYou", "The bucket exists already and belongs to you.")


def no_such_bucket() -> RefusedError:
    return RefusedError(404, "NoSuchBucket", "The specified bucket does not exist.")


def unknown_key() -> RefusedError:
    return RefusedError(403, "InvalidAccessKeyId", "The access key id does not exist in our records.")


def denied() -> RefusedError:
    return RefusedError(403, "AccessDenied", "Access Denied.")


def no_preflight() -> RefusedError:
    return RefusedError(
        400, "BadRequest", "Insufficient information. Origin and Access-Control-Request-Method headers needed."
    )


def cors_disabled() -> RefusedError:
    return RefusedError(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")


def cors_refused() -> RefusedError:
    return RefusedError(
        403,
        "AccessForbidden",
        "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request "
        "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
        "resource's CORS spec.",
    )
