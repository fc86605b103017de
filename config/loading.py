"""A project's folder into a version: read, validated, every mistake named with its place.

A version's name is a hash of `project.yaml` and of the prompt overrides. Knowledge and scenarios are left out:
documents have an index of their own that changes without the dialogue changing, and scenarios only test.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from config.catalog import build_catalog
from config.errors import Problem, ProjectError
from config.explaining import explain
from config.json_schema import project_schema
from config.project import DEFAULT_TENANT, Project
from config.reading import Reading, read_file
from config.versions import DRAFT, Version

FILE: Final = "project.yaml"
MAX_PROMPT: Final = 50_000
_SAID: Final = r"""^["']?%s["']?\s*:\s*["']?([a-z0-9][a-z0-9_-]*)"""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A readable project with the places of its keys, for checks that point into the file."""

    version: Version
    reading: Reading


def _validated(reading: Reading) -> Project:
    """The project, or ProjectError with every problem of the file."""
    problems = list(reading.problems)
    if reading.data is None:
        raise ProjectError(problems)
    try:
        project = Project.model_validate(reading.data)
    except ValidationError as error:
        problems += explain(error.errors(include_url=False), reading, project_schema())
        raise ProjectError(problems) from None
    if problems:
        raise ProjectError(problems)
    return project


def read_prompts(folder: Path) -> dict[str, str]:
    """The prompt overrides by file stem."""
    prompts: dict[str, str] = {}
    for path in sorted((folder / "prompts").glob("*.md")):
        name = f"prompts/{path.name}"
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise ProjectError([Problem(file=name, message="the file is not UTF-8")]) from None
        except OSError as error:
            raise ProjectError([Problem(file=name, message=f"cannot be read: {error.strerror}")]) from error
        if len(text) > MAX_PROMPT:
            raise ProjectError([Problem(file=name, message=f"longer than {MAX_PROMPT} characters")])
        prompts[path.stem] = text
    return prompts


def content_hash(source: bytes, prompts: Mapping[str, str]) -> str:
    """Twelve hexadecimal digits that change whenever what the bot says or does may change."""
    digest = hashlib.sha256(source)
    for name, text in sorted(prompts.items()):
        digest.update(f"\0{name}\0{text}".encode())
    return digest.hexdigest()[:12]


def load(folder: Path) -> Loaded:
    """The project in `folder` with the places of its keys; raises ProjectError with every problem."""
    path = folder / FILE
    reading = read_file(path, FILE)
    project = _validated(reading)
    prompts = read_prompts(folder)
    version = Version(
        name=f"{DRAFT}{content_hash(path.read_bytes(), prompts)}",
        project=project,
        folder=folder,
        catalog=build_catalog(project.texts),
        prompts=prompts,
    )
    return Loaded(version=version, reading=reading)


def load_version(folder: Path) -> Version:
    """The project in `folder`; raises ProjectError with every problem."""
    return load(folder).version


def claimed(folder: Path) -> tuple[str, str]:
    """Tenant and name that a folder's project says it has, also where it cannot be read as one."""
    try:
        text = (folder / FILE).read_text("utf-8-sig", "replace")
    except OSError:
        text = ""
    said = {key: found[1] for key in ("tenant", "name") if (found := re.search(_SAID % key, text, re.MULTILINE))}
    return said.get("tenant", DEFAULT_TENANT), said.get("name", folder.name)
