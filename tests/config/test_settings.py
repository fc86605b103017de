import pytest
from pydantic import ValidationError

from config.settings import Settings

NAMES = ("PROJECTS", "DATA", "DATABASE", "KNOWLEDGE", "KEYS", "MODEL", "EMBEDDINGS", "LOG", "DEBUG")


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(f"SWITCHBOARD_{name}", raising=False)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_needs_to_be_set():
    settings = Settings()

    assert settings.projects.name == "projects"
    assert settings.database_url == "sqlite:///data/switchboard.db"
    assert settings.knowledge_index == "chroma:data/knowledge"
    assert settings.model is None
    assert settings.debug is False


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("SWITCHBOARD_MODEL=from-file\nSWITCHBOARD_DEBUG=1\nUNRELATED=x\n")
    monkeypatch.setenv("SWITCHBOARD_MODEL", "from-environment")
    settings = Settings()

    assert settings.model == "from-environment"
    assert settings.debug is True


def test_keys_are_never_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    monkeypatch.setenv("SWITCHBOARD_KEYS", '{"planted": "secret"}')

    assert "planted" not in repr(Settings())


@pytest.mark.parametrize(
    ("database", "knowledge", "index"),
    [
        ("postgresql://localhost/x", None, "pgvector"),
        ("postgresql://localhost/x", "chroma:here", "chroma:here"),
        ("sqlite:///x.db", None, "chroma:data/knowledge"),
    ],
)
def test_vectors_are_kept_in_postgresql_where_that_is_the_database_unless_set(monkeypatch, database, knowledge, index):
    monkeypatch.setenv("SWITCHBOARD_DATABASE", database)
    if knowledge:
        monkeypatch.setenv("SWITCHBOARD_KNOWLEDGE", knowledge)

    assert Settings().knowledge_index == index


@pytest.mark.parametrize("database", ["postgresql://u:planted@localhost/x", "mysql://u:planted@localhost/x"])
def test_a_database_s_password_is_never_shown(monkeypatch, database):
    monkeypatch.setenv("SWITCHBOARD_DATABASE", database)
    try:
        shown = repr(Settings())
    except ValidationError as error:
        shown = str(error)

    assert "planted" not in shown


@pytest.mark.parametrize(
    ("name", "value"), [("DATABASE", "mysql://x"), ("KNOWLEDGE", "pinecone"), ("EMBEDDINGS", "other"), ("LOG", "xml")]
)
def test_a_wrong_setting_is_refused_by_name(monkeypatch, name, value):
    monkeypatch.setenv(f"SWITCHBOARD_{name}", value)

    with pytest.raises(ValidationError, match=f"SWITCHBOARD_{name}"):
        Settings()


def test_settings_are_given_by_name_in_code(tmp_path):
    assert Settings(data=tmp_path).database_url == f"sqlite:///{tmp_path}/switchboard.db"
