"""Cloudflare's state and rules: zones, DNS records, zone settings, rulesets, and what the public DNS says of them.

Knows nothing of HTTP. What a free plan cannot do is refused as Cloudflare refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict, cast

from railway_sandbox.clock import EPOCH, timestamp
from railway_sandbox.cloudflare import rules
from railway_sandbox.cloudflare.refusals import no_route
from railway_sandbox.cloudflare.rules import Record
from railway_sandbox.cloudflare.rulesets import Ruleset, Rulesets
from railway_sandbox.cloudflare.zones import ACCOUNT_ID, NAME_SERVERS, ZONE_IDS
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.rest import RefusedError
from railway_sandbox.tables import Table

ON_OFF: Final = ("on", "off")

SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "ssl": ("flexible", "off", "full", "strict"),
    "always_use_https": ("off", "on"),
    "automatic_https_rewrites": ON_OFF,
    "min_tls_version": ("1.0", "1.1", "1.2", "1.3"),
    "tls_1_3": ("on", "off", "zrt"),
    "opportunistic_encryption": ON_OFF,
    "http3": ON_OFF,
    "websockets": ON_OFF,
    "brotli": ON_OFF,
    "always_online": ("off", "on"),
    "development_mode": ("off", "on"),
    "security_level": ("medium", "off", "essentially_off", "low", "high", "under_attack"),
}
"""Allowed values of each simulated zone setting; the first is what a new zone has."""


class Setting(TypedDict):
    """A zone setting as the API answers it."""

    id: str
    value: str
    editable: bool
    modified_on: str | None


class CloudflareCloud:
    """One Cloudflare account with its fixed zones."""

    def __init__(
        self, now: Callable[[], float], ids: Identifiers, hidden: Callable[[str], bool] = lambda _name: False
    ) -> None:
        """Begin with a new account. ``hidden(name)`` tells whether the DNS hides the records of a name."""
        self._hidden = hidden
        self._now = now
        self._ids = ids
        self._added: Table[str] = Table()
        """Name → id of zones beside those that every sandbox has."""
        self._records: dict[str, Table[Record]] = {zone: Table() for zone in ZONE_IDS.values()}
        self._settings: dict[str, Table[Setting]] = {zone: Table() for zone in ZONE_IDS.values()}
        self._rulesets: dict[str, Table[Ruleset]] = {zone: Table() for zone in ZONE_IDS.values()}
        self._universal_ssl: Table[bool] = Table()

    # Persistence

    def tables(self) -> dict[str, Table[Any]]:
        """Return all that changes, by name."""
        records = {f"records/{zone}": table for zone, table in self._records.items()}
        settings = {f"settings/{zone}": table for zone, table in self._settings.items()}
        rulesets = {f"rulesets/{zone}": table for zone, table in self._rulesets.items()}
        return {"zones": self._added, **records, **settings, **rulesets, "universal_ssl": self._universal_ssl}

    def load(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        """Continue from the rows of ``tables``; none are a new account."""
        self._added.load(rows.get("zones", {}))
        for zone_id in self._added.values():
            self._make(zone_id)
        for name, table in self.tables().items():
            table.load(rows.get(name, {}))

    # Zones

    @property
    def zone_ids(self) -> Mapping[str, str]:
        """Return the ids of all zones by name."""
        return {**ZONE_IDS, **self._added}

    def add_zone(self, name: str, id: str) -> None:
        """Add a zone to the account, unless it has it already."""
        if self.zone_ids.get(name) != id:
            self._added[name] = id
            self._make(id)

    def _make(self, zone_id: str) -> None:
        self._records.setdefault(zone_id, Table())
        self._settings.setdefault(zone_id, Table())
        self._rulesets.setdefault(zone_id, Table())

    def zone_of(self, name: str) -> str | None:
        """Return the name of the zone that has the records of a name; None where the account has no such zone."""
        plain = name.rstrip(".").lower()
        zones = [zone for zone in self.zone_ids if plain == zone or plain.endswith(f".{zone}")]
        return max(zones, key=len, default=None)

    def zones(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return the zones of the account, or the one of that name."""
        return [self.zone(zone_id) for zone, zone_id in self.zone_ids.items() if name is None or zone == name.lower()]

    def zone(self, id: str) -> dict[str, Any]:
        created = EPOCH.isoformat().replace("+00:00", "Z")
        return {
            "id": id,
            "name": self.zone_name(id),
            "status": "active",
            "type": "full",
            "paused": False,
            "development_mode": 0,
            "name_servers": list(NAME_SERVERS),
            "account": {"id": ACCOUNT_ID, "name": "Sandbox"},
            "plan": {"id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": "Free Website", "legacy_id": "free", "price": 0},
            "created_on": created,
            "modified_on": created,
            "activated_on": created,
        }

    def zone_name(self, id: str) -> str:
        """Return the name of a zone; ``RefusedError`` when the account has none with this id."""
        for name, zone_id in self.zone_ids.items():
            if zone_id == id:
                return name
        raise no_route(f"/zones/{id}")

    # DNS records

    def records(self, zone_id: str, **filters: str) -> list[Record]:
        """Return the records of a zone, oldest first, of which every wanted field has that value."""
        self.zone_name(zone_id)
        every = self._records[zone_id].values()
        return [record for record in every if all(_matches(record, key, value) for key, value in filters.items())]

    def record(self, zone_id: str, id: str) -> Record:
        self.zone_name(zone_id)
        if id not in self._records[zone_id]:
            raise RefusedError(404, 81_044, "Record does not exist.")
        return self._records[zone_id][id]

    def create_record(self, zone_id: str, body: Mapping[str, Any]) -> Record:
        """Add a record; ``RefusedError`` when it is invalid or clashes with another."""
        record = self._record(zone_id, self._ids.hexadecimal(32), body, created_on=timestamp(self._now()))
        self._store(zone_id, record)
        return record

    def replace_record(self, zone_id: str, id: str, body: Mapping[str, Any]) -> Record:
        """Replace a record, as PUT does: it becomes exactly what was sent."""
        old = self.record(zone_id, id)
        record = self._record(zone_id, id, body, created_on=old["created_on"])
        self._store(zone_id, record)
        return record

    def change_record(self, zone_id: str, id: str, body: Mapping[str, Any]) -> Record:
        """Change a record, as PATCH does: only the fields that were sent."""
        old = cast("dict[str, Any]", self.record(zone_id, id))
        return self.replace_record(zone_id, id, {**old, **body})

    def put_record(self, zone_id: str, id: str, body: Mapping[str, Any]) -> None:
        """Add a record with the given id."""
        self._store(zone_id, self._record(zone_id, id, body, created_on=timestamp(self._now())))

    def delete_record(self, zone_id: str, id: str) -> None:
        self.record(zone_id, id)
        del self._records[zone_id][id]

    def _record(self, zone_id: str, id: str, body: Mapping[str, Any], *, created_on: str) -> Record:
        zone = self.zone_name(zone_id)
        for required in ("name", "type"):
            if not isinstance(body.get(required), str):
                raise RefusedError(400, 9000, f"DNS record {required} is required.")
        data: dict[str, Any] | None = body.get("data")
        return Record(
            id=id,
            name=rules.qualified(body["name"], zone),
            type=body["type"].upper(),
            content=str(body.get("content") or _content_of(data)),
            proxied=bool(body.get("proxied", False)),
            proxiable=body["type"].upper() in rules.ADDRESS_TYPES,
            ttl=int(body.get("ttl") or rules.AUTOMATIC_TTL),
            priority=body.get("priority"),
            comment=body.get("comment"),
            tags=list(body.get("tags") or []),
            settings=dict(body.get("settings") or {}),
            data=data,
            meta={},
            created_on=created_on,
            modified_on=timestamp(self._now()),
        )

    def _store(self, zone_id: str, record: Record) -> None:
        rules.validate(record)
        for other in self._records[zone_id].values():
            if other["id"] == record["id"] or other["name"] != record["name"]:
                continue
            if record["type"] == "CNAME" and other["type"] in rules.ADDRESS_TYPES:
                raise RefusedError(400, 81_053, "An A, AAAA, or CNAME record with that host already exists.")
            if record["type"] in rules.ADDRESS_TYPES and other["type"] == "CNAME":
                raise RefusedError(400, 81_054, "A CNAME record with that host already exists.")
            if other["type"] == record["type"] and rules.same_content(record, other):
                raise RefusedError(400, 81_058, "An identical record already exists.")
        self._records[zone_id][record["id"]] = record

    # Settings

    def settings(self, zone_id: str) -> list[Setting]:
        return [self.setting(zone_id, setting_id) for setting_id in SETTINGS]

    def setting(self, zone_id: str, id: str) -> Setting:
        self.zone_name(zone_id)
        if id not in SETTINGS:
            raise RefusedError(400, 1006, "Unrecognized zone setting name")
        default = Setting(id=id, value=SETTINGS[id][0], editable=True, modified_on=None)
        return self._settings[zone_id].get(id, default)

    def change_setting(self, zone_id: str, id: str, value: object) -> Setting:
        self.setting(zone_id, id)
        if not isinstance(value, str) or value not in SETTINGS[id]:
            raise invalid_setting(id)
        changed = Setting(id=id, value=value, editable=True, modified_on=timestamp(self._now()))
        self._settings[zone_id][id] = changed
        return changed

    def universal_ssl(self, zone_id: str) -> bool:
        """Tell whether Cloudflare's free certificate is in use for the zone (the default)."""
        self.zone_name(zone_id)
        return self._universal_ssl.get(zone_id, True)

    def change_universal_ssl(self, zone_id: str, *, enabled: bool) -> None:
        self.zone_name(zone_id)
        self._universal_ssl[zone_id] = enabled

    # Rulesets

    def rulesets(self, zone_id: str) -> Rulesets:
        """Return the rulesets of a zone."""
        self.zone_name(zone_id)
        return Rulesets(self._rulesets[zone_id], self._now, self._ids)

    # The public DNS

    def resolve(self, name: str, type: str) -> list[str]:
        """Return what the zone says of a name: the contents of its records of that type, without the quotes of TXT.

        A proxied record is answered with its own content too; ask ``is_proxied`` for what the public would see.
        Wildcard records count for names that have no record of their own.
        """
        return [_unquoted(record["content"]) for record in self._found(name) if record["type"] == type.upper()]

    def is_proxied(self, name: str) -> bool:
        """Tell whether visitors of this name reach Cloudflare's proxy instead of the record's content."""
        return any(record["proxied"] for record in self._found(name))

    def has_records(self, name: str) -> bool:
        """Tell whether a zone has any record of this name, its own or a wildcard's, or any below it."""
        plain = name.rstrip(".").lower()
        below = any(r["name"].endswith(f".{plain}") for zone in self._records.values() for r in zone.values())
        return plain in self.zone_ids or below or bool(self._found(plain))

    def certificate_covers(self, name: str) -> bool:
        """Tell whether the free edge certificate is valid for the name: the apex and one level below it, no deeper."""
        zone = self.zone_of(name)
        if zone is None or "." in name.rstrip(".").lower().removesuffix(zone).removesuffix("."):
            return False
        return self.universal_ssl(self.zone_ids[zone])

    def _found(self, name: str) -> list[Record]:
        plain = name.rstrip(".").lower()
        zone = self.zone_of(plain)
        if zone is None or self._hidden(plain):
            return []
        return _lookup(list(self._records[self.zone_ids[zone]].values()), plain, zone)


def invalid_setting(name: str) -> RefusedError:
    """Return the refusal of a value that a setting cannot have."""
    return RefusedError(400, 1007, f"Invalid value for zone setting {name}")


def _lookup(records: list[Record], name: str, zone: str) -> list[Record]:
    """Return records of the name itself, or else of the nearest wildcard above it."""
    while True:
        matching = [record for record in records if record["name"] == name]
        if matching or name.removeprefix("*.") == zone:
            return matching
        name = f"*.{name.removeprefix('*.').partition('.')[2]}"


def _matches(record: Record, key: str, value: str) -> bool:
    return str(cast("dict[str, Any]", record).get(key, "")).lower() == value.lower()


def _content_of(data: Mapping[str, Any] | None) -> str:
    """Return the text form of structured content, such as ``0 issue "letsencrypt.org"`` of a CAA record."""
    if not data:
        return ""
    return f'{data.get("flags", 0)} {data.get("tag", "")} "{data.get("value", "")}"'


def _unquoted(content: str) -> str:
    quoted = len(content) > 1 and content.startswith('"') and content.endswith('"')
    return content[1:-1].replace('" "', "") if quoted else content
