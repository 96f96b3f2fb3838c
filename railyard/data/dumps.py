"""Copies outside of Railway in a Spaces bucket: names, the note about each object, and how long they are kept.

``<system>/<stack>/<UTC time>.dump`` is what ``pg_dump`` wrote, ``<system>/<stack>/<service>/<UTC time>.tar.gz`` are the
files of a volume, ``….json`` beside it what is known about it. The second is written last, so an object without it is
incomplete and counts as none; so does what is known of an object that is gone. Knows no database and no volume.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import IO, Any, ClassVar, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic.alias_generators import to_camel
from typing_extensions import override

from railyard.accounts.spaces_client import MISSING, refusal_code, spaces_client, spaces_errors
from railyard.data import programs
from railyard.data.cleanup import cleaned_up, cleaned_up_after_failure
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import Stack
from stacks.project_folder import RAILYARD, page

PART: Final = 16 * 1024 * 1024
"""Bytes of one part of an upload: 10,000 of them are Spaces' limit, so a dump may have 160 GB."""
_TIME: Final = "%Y-%m-%dT%H%M%SZ"


class StoredBackup(BaseModel):
    """The note beside an object of the bucket."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    NOUN: ClassVar[str]
    """Noun for such an object in messages."""
    ENDING: ClassVar[str]
    """Ending of the names of such objects."""

    system: str
    stack: str
    time: str
    """Time at which it was begun, UTC: its name. Of a dump, the time at which its transaction began."""
    sha256: str
    bytes: int

    @field_validator("time")
    @classmethod
    def _check_time(cls, time: str) -> str:
        cls.moment(time)
        return time

    @property
    def folder(self) -> str:
        """Return where it lies in the bucket."""
        return f"{self.system}/{self.stack}/"

    @property
    def key(self) -> str:
        """Return its object in the bucket."""
        return f"{self.folder}{self.time}{self.ENDING}"

    @property
    def note_key(self) -> str:
        """Return the object that says what is known of it."""
        return f"{self.folder}{self.time}.json"

    @property
    def made(self) -> datetime:
        """Return the moment that ``time`` names."""
        return self.moment(self.time)

    @staticmethod
    def moment(time: str) -> datetime:
        """Return the moment that such a name means, in UTC."""
        return datetime.strptime(time, _TIME).replace(tzinfo=UTC)


class Dump(StoredBackup):
    """The note beside a dump of a database."""

    NOUN = "dump"
    ENDING = ".dump"

    kind: str = "PostgreSQL"
    """Of what it is."""
    service: str | None = None
    """Whose database it is of; None: one that an earlier version made, which noted the system alone."""
    server_major: int
    database: str
    database_bytes: int
    """Size of the database on its volume."""
    rows: dict[str, int]
    """Number of rows of each table in the transaction that was dumped."""
    unsettled: list[str] = []
    """Tables that were written to while they were dumped: their rows are not compared."""
    rehearsed: str | None = None
    """Time of the last restore that matched the dump, UTC; None without one."""


class FilesBackup(StoredBackup):
    """The note beside an archive with the files of a volume."""

    NOUN = "backup of files"
    ENDING = ".tar.gz"

    service: str
    files: int
    """Number of files."""
    file_bytes: int
    """Size of all files."""
    unsettled: list[str] = []
    """Files that were written to at each attempt to read them."""
    skipped: list[str] = []
    """Paths of other kinds than file, folder and link, such as sockets."""

    @property
    def folder(self) -> str:
        """Return where it lies in the bucket."""
        return f"{self.system}/{self.stack}/{self.service}/"


StoredBackupT = TypeVar("StoredBackupT", bound=StoredBackup)


def time_now() -> str:
    """Return the name of what begins now."""
    return f"{datetime.now(UTC):{_TIME}}"


class Store(Generic[StoredBackupT]):
    """Objects of one kind in one folder of a stack's bucket."""

    def __init__(self, stack: Stack, kind: type[StoredBackupT], folder: str) -> None:
        settings = stack.settings.stack.backups
        if settings is None:
            raise CallError(
                f"Pulumi.{stack.name}.yaml does not say where backups go: add 'railyard:backups: "
                f"{{bucket: <name>, region: <region>}}', see {page('backups.md')}"
            )
        self.bucket = settings.bucket
        self._region = settings.region
        self._client = spaces_client(settings.region)
        self._kind = kind
        self._prefix = folder

    def check(self) -> None:
        """Raise ``OperationError`` when the bucket cannot be used: before anything is done for nothing."""
        try:
            self._client.head_bucket(Bucket=self.bucket)
        except spaces_errors() as failure:
            next_ = (
                "make it once at https://cloud.digitalocean.com/spaces, private and without a CDN, or give "
                "--create-bucket to 'backup files' or 'backup dump'"
                if refusal_code(failure) == MISSING
                else f"check the Spaces key with {RAILYARD} doctor"
            )
            raise OperationError(
                f"bucket {self.bucket} in {self._region} cannot be used: {failure}\nnext: {next_}"
            ) from None

    def create_bucket(self) -> None:
        """Make the bucket, private, unless it is there."""
        try:
            self._client.head_bucket(Bucket=self.bucket)
        except spaces_errors() as failure:
            if refusal_code(failure) != MISSING:
                raise
            self._client.create_bucket(Bucket=self.bucket, ACL="private")

    @contextmanager
    def upload(self, key: str) -> Generator[Upload]:
        """Yield a new object, to be written part by part; without ``complete`` nothing of it stays."""
        upload = Upload(self._client, self.bucket, key)
        with cleaned_up(upload.discard):
            yield upload

    def note(self, backup: StoredBackupT) -> None:
        """Write down what is known about an object, which makes it count."""
        body = backup.model_dump_json(by_alias=True, indent=4).encode()
        self._client.put_object(Bucket=self.bucket, Key=backup.note_key, Body=body, ContentType="application/json")

    def note_new(self, backup: StoredBackupT) -> None:
        """Write down what is known about an object that was just uploaded; without its note the object is deleted."""
        with cleaned_up_after_failure(lambda: self._delete(backup)):
            self.note(backup)

    def _delete(self, backup: StoredBackupT) -> None:
        """Delete an object and its note; raises ``OperationError`` with its name where Spaces refuses."""
        try:
            # The note first: an object without one counts as none.
            for key in (backup.note_key, backup.key):
                self._client.delete_object(Bucket=self.bucket, Key=key)
        except spaces_errors() as failure:
            raise OperationError(f"{self.bucket}/{backup.key} cannot be deleted: {failure}") from None

    def all(self) -> list[StoredBackupT]:
        """Return what is complete, newest first."""
        complete: list[StoredBackupT] = []
        keys = set(self._keys())
        for key in keys:
            if key.endswith(".json") and key.removesuffix(".json") + self._kind.ENDING in keys:
                body = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
                try:
                    complete.append(self._kind.model_validate_json(body))
                except ValidationError:
                    raise OperationError(
                        f"{self.bucket}/{key} is not a valid note about a {self._kind.NOUN}: delete it"
                    ) from None
        return sorted(complete, key=lambda each: each.time, reverse=True)

    def own(self) -> list[StoredBackupT]:
        """Return those of the one volume or database that this is about, newest first."""
        return list(filter(self._is_own, self.all()))

    def one(self, time: str) -> StoredBackupT:
        """Return the one of this time or key, or the ``latest``; raises ``CallError``."""
        complete = self.all()
        own = list(filter(self._is_own, complete))
        if time == "latest" and own:
            return own[0]
        for each in complete:
            if time in (each.time, each.key):
                return each
        times = ", ".join(each.time for each in own[:5]) or "none"
        raise CallError(f"{self.bucket} has no {self._kind.NOUN} {time!r} below {self._prefix}: there are {times}")

    def read(self, dump: StoredBackupT, into: IO[bytes]) -> None:
        """Write an object into a stream; raises ``OperationError`` when it is not what was uploaded."""
        sha256 = hashlib.sha256()
        body = self._client.get_object(Bucket=self.bucket, Key=dump.key)["Body"]
        for chunk in body.iter_chunks(1024 * 1024):
            sha256.update(chunk)
            into.write(chunk)
        if sha256.hexdigest() != dump.sha256:
            raise OperationError(f"{self.bucket}/{dump.key} has another checksum than was noted: it is damaged")

    def thin_out(self, keep: int | None, keep_days: int | None) -> list[StoredBackupT]:
        """Delete what is beyond the newest ``keep`` or older than ``keep_days``, never the newest; return what went."""
        oldest = datetime.now(UTC) - timedelta(days=keep_days) if keep_days else None
        outdated = [
            each
            for index, each in enumerate(self.own())
            if index and ((keep and index >= keep) or (oldest and each.made < oldest))
        ]
        for each in outdated:
            self._delete(each)
        return outdated

    def _is_own(self, backup: StoredBackupT) -> bool:
        """Tell whether it is of the one volume or database that this is about."""
        del backup
        return True

    def _keys(self) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._prefix)
        for listed in pages:
            for each in listed.get("Contents", ()):
                yield each["Key"]


class Dumps(Store[Dump]):
    """The dumps of one system in one stack, and which of them are of one of its databases."""

    def __init__(self, stack: Stack, system: str, service: str | None = None, kind: str | None = None) -> None:
        super().__init__(stack, Dump, f"{system}/{stack.name}/")
        self._service = service
        self._database_kind = kind

    @override
    def _is_own(self, backup: Dump) -> bool:
        """Tell whether it is of the database of the service, or of the system where no service is named."""
        return self._service is None or (backup.kind == self._database_kind and backup.service in (None, self._service))


class FilesBackups(Store[FilesBackup]):
    """The files of one service's volume in one stack."""

    def __init__(self, stack: Stack, system: str, service: str) -> None:
        super().__init__(stack, FilesBackup, f"{system}/{stack.name}/{service}/")


class Upload:
    """One object on its way, with its checksum."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._parts: list[dict[str, Any]] = []
        self._sha256 = hashlib.sha256()
        self._id: str | None = client.create_multipart_upload(**self._where)["UploadId"]
        self.bytes = 0

    def discard(self) -> None:
        """Delete what was sent, unless it is complete; raises ``OperationError`` that names it."""
        if self._id is None:
            return
        try:
            self._client.abort_multipart_upload(**self._where, UploadId=self._id)
        except spaces_errors() as failure:
            if refusal_code(failure) != "NoSuchUpload":
                where = "/".join(self._where.values())
                raise OperationError(f"parts of {where} are still stored, and billed: {failure}") from None

    @property
    def sha256(self) -> str:
        """Return the checksum of what was written so far."""
        return self._sha256.hexdigest()

    def write(self, stream: IO[bytes]) -> None:
        """Send all of a stream."""
        while part := programs.read(stream, PART):
            number = len(self._parts) + 1
            sent = self._client.upload_part(**self._where, UploadId=self._id, PartNumber=number, Body=part)
            self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            self._sha256.update(part)
            self.bytes += len(part)

    def complete(self) -> None:
        """Let the object exist; raises ``OperationError`` where another one of its name does."""
        if self._is_taken():
            raise OperationError(
                f"{'/'.join(self._where.values())} is stored already, begun in the same second: run the command again"
            )
        self._client.complete_multipart_upload(**self._where, UploadId=self._id, MultipartUpload={"Parts": self._parts})
        self._id = None

    def _is_taken(self) -> bool:
        try:
            self._client.head_object(**self._where)
        except spaces_errors() as failure:
            if refusal_code(failure) != MISSING:
                raise
            return False
        return True
