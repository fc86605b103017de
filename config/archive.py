"""A version's files as one value, so that it can be kept in a database and be found again elsewhere."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from config.errors import ConfigError

MOST_BYTES: Final = 32_000_000
"""Of all files together, unpacked."""
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""The same files make the same archive, whenever they were written."""


class ArchiveError(ConfigError):
    """The files are too large to be kept, or what was kept is no archive of ours."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files, by their paths within the project, as one value; equal files give equal values."""
    size = sum(len(content) for content in files.values())
    if size > MOST_BYTES:
        largest = max(files, key=lambda name: len(files[name]))
        raise ArchiveError(
            f"the version's files are {size:,} bytes together, of at most {MOST_BYTES:,}; the largest is {largest}"
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), content, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def unpack(packed: bytes) -> dict[str, bytes]:
    """The files of an archive; raises ArchiveError where it is damaged or would write outside its folder."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise ArchiveError("an archive is larger than any that is kept")
            return {_harmless(entry.filename): archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise ArchiveError(f"an archive is damaged ({type(error).__name__})") from error


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write them below a folder that is made for them."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _harmless(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise ArchiveError("an archive names a file outside its folder")
    return name
