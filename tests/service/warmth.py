"""Embeddings and trained engines of this test run, so that each is computed once, whoever needs it first."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

PROJECTS = Path(__file__).parents[2] / "projects"


class Warmth:
    """A folder with what does not depend on a data folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._training = folder / "training"
        self.vectors = folder / "vectors.db"

    def lend(self, data: Path) -> None:
        """Put the trained engines into a data folder."""
        if self._training.is_dir():
            shutil.copytree(self._training, data / "training", dirs_exist_ok=True)

    def lend_all(self, data: Path) -> None:
        """Put trained engines and embeddings into the data folder of another process."""
        data.mkdir(parents=True, exist_ok=True)
        self.lend(data)
        if self.vectors.is_file():
            with (
                closing(sqlite3.connect(self.vectors)) as source,
                closing(sqlite3.connect(data / "vectors.db")) as copy,
            ):
                source.backup(copy)

    def keep(self, data: Path) -> None:
        """Take what was trained in a data folder."""
        if (data / "training").is_dir():
            shutil.copytree(data / "training", self._training, dirs_exist_ok=True)
