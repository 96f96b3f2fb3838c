"""The syntax in which a variable of a system of data names what Railyard knows: ``${postgres.url}``.

As in Pulumi's own YAML, an expression is ``${name.property}``, and ``$${name.property}`` is that text itself. What has
no dot, ``${HOME}``, is left to the program that reads the variable, and ``${{postgres.PGDATA}}`` to Railway.

Owns the syntax and the properties that there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from components.bucket import BucketSettings
from components.database import DatabaseSettings
from components.railway_bucket import VARIABLES, RailwayBucketSettings
from components.service_kind import ServiceSettings

SELF: Final = "self"
"""Name of the service in whose variable an expression stands."""
SECRETS: Final = "secrets"
"""Name of the secrets of the system."""
RESERVED: Final = (SELF, SECRETS, "shared")

_EXPRESSION: Final = re.compile(r"(?P<escape>\$?)(?P<text>\$\{(?P<owner>\w[\w.-]*)\.(?P<name>[A-Za-z_]\w*)\})")


@dataclass(frozen=True)
class Expression:
    """One expression."""

    owner: str
    """Name of a service, a database or a bucket of the system, ``self`` or ``secrets``."""
    name: str
    """The property of it, or the name of the secret."""

    @property
    def text(self) -> str:
        """Return it as it is written."""
        return f"${{{self.owner}.{self.name}}}"


def parts(value: str) -> Iterator[str | Expression]:
    """Yield the value of a variable piece by piece: texts as they are meant, and expressions."""
    end = 0
    for match in _EXPRESSION.finditer(value):
        yield value[end : match.start()]
        yield match["text"] if match["escape"] else Expression(match["owner"], match["name"])
        end = match.end()
    yield value[end:]


def expressions(value: str) -> list[Expression]:
    """Return the expressions in the value of a variable, in order."""
    return [each for each in parts(value) if isinstance(each, Expression)]


def unread(value: str, owners: Iterable[str]) -> list[str]:
    """Return what begins as an expression about one of the ``owners`` and is none, to the end of its line: it lacks the
    brace at its end, has a space in it, or a default as in a shell.
    """
    known = "|".join(re.escape(each) for each in sorted(owners, key=len, reverse=True))
    begun = re.compile(rf"(?<!\$)\$\{{\s*(?:{known})\s*\.[^}}\n]*\}}?")
    read = {match.start("text") for match in _EXPRESSION.finditer(value)}
    return [match[0] for match in begun.finditer(value) if match.start() not in read]


def is_plain(value: str) -> bool:
    """Tell whether the value of a variable is what it means, without an expression and without an escaped one."""
    return _EXPRESSION.search(value) is None


def literal(value: str) -> str:
    """Return how a text is written that holds no expression, and stays as it is."""
    return _EXPRESSION.sub(lambda match: f"${match[0]}", value)


OF_A_SERVICE: Final = ("host", "port", "url", "domain", "tcpAddress")
OF_A_DATABASE: Final = ("url", "urlWithoutScheme", "host", "port", "user", "password", "database", "publicUrl")
WITH_PASSWORD: Final = ("url", "urlWithoutScheme", "password", "publicUrl")
"""Properties of a database that hold its password."""
_OF_SPACES: Final = {
    "bucket": "SPACES_BUCKET",
    "region": "SPACES_REGION",
    "endpoint": "SPACES_ENDPOINT",
    "prefix": "SPACES_PREFIX",
    "accessKeyId": "SPACES_ACCESS_KEY_ID",
    "secretAccessKey": "SPACES_SECRET_ACCESS_KEY",
    "cdnUrl": "SPACES_CDN_URL",
}
_TEMPLATE_URL: Final = re.compile(r"(DATABASE|REDIS|MYSQL|MONGO)_(?P<public>PUBLIC_)?URL")
_TEMPLATE_PART: Final = re.compile(r"(PG|REDIS_?|MYSQL_?|MONGO)(?P<part>HOST|PORT|USER|PASSWORD|DATABASE)")
Part = ServiceSettings | DatabaseSettings | BucketSettings | RailwayBucketSettings
"""Parts of a system whose properties an expression may name, beside secrets."""


def variables_of_bucket(args: BucketSettings | RailwayBucketSettings) -> Mapping[str, str]:
    """Return the properties of a bucket, each with the variable by which a service gets it."""
    return _OF_SPACES if isinstance(args, BucketSettings) else VARIABLES


def properties(args: Part) -> tuple[str, ...]:
    """Return the properties of a service, a database or a bucket."""
    if isinstance(args, ServiceSettings):
        return OF_A_SERVICE
    return OF_A_DATABASE if isinstance(args, DatabaseSettings) else tuple(variables_of_bucket(args))


def lacking(args: Part, name: str) -> tuple[str, str] | None:
    """Return what a property needs and these settings do not have, and the fix; None where it has a value."""
    if isinstance(args, BucketSettings | RailwayBucketSettings):
        without = isinstance(args, BucketSettings) and not args.cdn
        return ("a CDN", "set cdn to true") if name == "cdnUrl" and without else None
    if name in ("tcpAddress", "publicUrl"):
        return None if args.tcp_port else ("a port that is open to the internet", "add tcpPort")
    if not isinstance(args, ServiceSettings):
        return None
    if name == "port":
        return None if args.port else ("a port", "add port")
    if name in ("url", "domain") and not args.has_address:
        return "a public address", "add domains, or set railwayDomain to true"
    return None


def named_by_a_template(variable: str) -> str | None:
    """Return the property that a variable of Railway's own template for a database holds: ``host`` for PGHOST.

    The databases of a system have other variables; None for what no template has.
    """
    if match := _TEMPLATE_URL.fullmatch(variable):
        return "publicUrl" if match["public"] else "url"
    match = _TEMPLATE_PART.fullmatch(variable)
    return match and match["part"].lower()
