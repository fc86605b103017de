"""The process's settings, from the environment and from a `.env` file in the working folder."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _named(name: str) -> AliasChoices:
    return AliasChoices(name, name.lower())


class Settings(BaseSettings):
    """What an operator sets; the environment wins over `.env`, and `.env` over the defaults."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        # An address may hold a password.
        hide_input_in_errors=True,
    )

    projects: Annotated[Path, Field(validation_alias=_named("SWITCHBOARD_PROJECTS"))] = Path("projects")
    """The folder of project folders."""
    data: Annotated[Path, Field(validation_alias=_named("SWITCHBOARD_DATA"))] = Path("data")
    """Where the database, the knowledge index and the versions live."""
    database: Annotated[str | None, Field(validation_alias=_named("SWITCHBOARD_DATABASE"), repr=False)] = None
    """`sqlite:///…` or `postgresql://…`; a SQLite file in the data folder if unset."""
    knowledge: Annotated[str | None, Field(validation_alias=_named("SWITCHBOARD_KNOWLEDGE"))] = None
    """`chroma:FOLDER`, `chroma:http://host:port` or `pgvector`, which is the default with PostgreSQL."""
    drafts: Annotated[bool, Field(validation_alias=_named("SWITCHBOARD_DRAFTS"))] = False
    """New sessions take the working folders, also of projects that have a published version."""
    keys: Annotated[SecretStr | None, NoDecode, Field(validation_alias=_named("SWITCHBOARD_KEYS"))] = None
    """A file or JSON with hashed API keys; without it the service is open, on loopback only."""
    openai_api_key: Annotated[SecretStr | None, Field(validation_alias=_named("OPENAI_API_KEY"))] = None
    openai_base_url: Annotated[str | None, Field(validation_alias=_named("OPENAI_BASE_URL"))] = None
    model: Annotated[str | None, Field(validation_alias=_named("SWITCHBOARD_MODEL"))] = None
    """The chat model's name; without it there is no model."""
    embeddings: Annotated[str, Field(validation_alias=_named("SWITCHBOARD_EMBEDDINGS"))] = "embedded"
    """`embedded` or `openai:MODEL`."""
    model_price: Annotated[str | None, Field(validation_alias=_named("SWITCHBOARD_MODEL_PRICE"))] = None
    """What a million tokens cost, `read,written`; for `/metrics` only."""
    tenant_turns: Annotated[int, Field(ge=1, validation_alias=_named("SWITCHBOARD_TENANT_TURNS"))] = 64
    """Turns of one tenant under way at once, in one worker; others wait."""
    tenant_turns_per_minute: Annotated[
        int | None, Field(ge=1, validation_alias=_named("SWITCHBOARD_TENANT_TURNS_PER_MINUTE"))
    ] = None
    """Turns a minute that each tenant may have, over all workers; no limit if unset."""
    checkpoints: Annotated[int, Field(ge=1, validation_alias=_named("SWITCHBOARD_CHECKPOINTS"))] = 20
    """How many turns of a session can be gone back to: so many checkpoints are kept, the newest first."""
    keep_days: Annotated[float | None, Field(gt=0, validation_alias=_named("SWITCHBOARD_KEEP_DAYS"))] = None
    """Sessions that lay still for longer are forgotten; never if unset."""
    backstops: Annotated[Literal["none", "dates"], Field(validation_alias=_named("SWITCHBOARD_BACKSTOPS"))] = "none"
    """`dates`: another library reads the days that no grammar does; installed with `switchboard[backstops]`."""
    log: Annotated[Literal["json", "text"], Field(validation_alias=_named("SWITCHBOARD_LOG"))] = "text"
    debug: Annotated[bool, Field(validation_alias=_named("SWITCHBOARD_DEBUG"))] = False
    """Opens the playground and the event stream; never in production."""

    @field_validator("database")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("SWITCHBOARD_DATABASE must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("knowledge")
    @classmethod
    def _known_index(cls, value: str | None) -> str | None:
        if value is not None and value != "pgvector" and not value.startswith("chroma:"):
            raise ValueError("SWITCHBOARD_KNOWLEDGE must be chroma:FOLDER, chroma:http://host:port or pgvector")
        return value

    @field_validator("embeddings")
    @classmethod
    def _known_embeddings(cls, value: str) -> str:
        if value != "embedded" and not value.startswith("openai:"):
            raise ValueError("SWITCHBOARD_EMBEDDINGS must be embedded or openai:MODEL")
        return value

    @field_validator("model_price")
    @classmethod
    def _two_numbers(cls, value: str | None) -> str | None:
        parts = (value or "0,0").split(",")
        if len(parts) != 2 or not all(part.strip().replace(".", "", 1).isdecimal() for part in parts):
            raise ValueError("SWITCHBOARD_MODEL_PRICE must be two prices of a million tokens: read,written (0.40,1.60)")
        return value

    @property
    def prices(self) -> tuple[float, float] | None:
        """What a million tokens cost, read and written; None where nobody said."""
        if self.model_price is None:
            return None
        read, written = self.model_price.split(",")
        return float(read), float(written)

    @property
    def uses_postgres(self) -> bool:
        """Whether the database is Postgres."""
        return self.database is not None and not self.database.startswith("sqlite:///")

    @property
    def database_url(self) -> str:
        """Where checkpoints, ledger and logs are kept."""
        return self.database or f"sqlite:///{self.data / 'switchboard.db'}"

    @property
    def knowledge_index(self) -> str:
        """Where the vectors are kept: in PostgreSQL where that is the database, else in the data folder, unless set."""
        return self.knowledge or ("pgvector" if self.uses_postgres else f"chroma:{self.data / 'knowledge'}")
