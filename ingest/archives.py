"""A look into a zip archive before any parser sees it: office files are zips, and parsers trust what they declare."""

import io
import zipfile

from ingest.documents import UnreadableFileError
from ingest.limits import MAX_ZIP_BYTES, MAX_ZIP_MEMBERS, MAX_ZIP_RATIO

_XML = (".xml", ".rels", ".vml")
_HEAD = 64 * 1024
_SMALL = 1 << 20
"""Below this size any ratio is harmless."""


def refuse_hostile_archive(data: bytes) -> None:
    """Raise UnreadableFileError for bombs, entity declarations and broken or encrypted archives."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFileError(f"not a readable office file: {error}") from error
    with archive:
        members = archive.infolist()
        _refuse_size(members, len(data))
        for member in members:
            if member.flag_bits & 1:
                raise UnreadableFileError("the file is protected by a password")
            if member.filename.lower().endswith(_XML):
                _refuse_declarations(archive, member)


def _refuse_size(members: list[zipfile.ZipInfo], packed: int) -> None:
    if len(members) > MAX_ZIP_MEMBERS:
        raise UnreadableFileError(f"the archive has {len(members)} members; at most {MAX_ZIP_MEMBERS} are read")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_ZIP_BYTES:
        raise UnreadableFileError(f"the archive unpacks to {unpacked} bytes; at most {MAX_ZIP_BYTES} are read")
    if unpacked > _SMALL and unpacked > MAX_ZIP_RATIO * max(packed, 1):
        raise UnreadableFileError(f"the archive unpacks to more than {MAX_ZIP_RATIO} times its size")


def _refuse_declarations(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    try:
        with archive.open(member) as file:
            head = file.read(_HEAD)
    except (
        zipfile.BadZipFile,
        OSError,
        ValueError,
        RuntimeError,
    ) as error:  # RuntimeError: encrypted, or of an unknown method
        raise UnreadableFileError(f"the archive's {member.filename!r} is damaged") from error
    plain = head.replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise UnreadableFileError(f"the archive's {member.filename!r} declares a document type, which none needs")
