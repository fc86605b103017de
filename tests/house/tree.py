"""The files of this repository, as git lists them or, without git, as they lie there."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    """Every file that belongs to the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    if listed.returncode == 0 and listed.stdout:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not _is_left_out(path)]


def _is_left_out(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] == "data" or "__pycache__" in parts or any(part.startswith(".") for part in parts[:-1])


def packages() -> list[str]:
    """Our top-level packages, tests aside."""
    found = {path.relative_to(ROOT).parts[0] for path in tracked() if path.name == "__init__.py"}
    return sorted(found - {"tests"})
