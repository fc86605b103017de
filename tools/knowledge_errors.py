"""What can go wrong with the knowledge base.

* KnowledgeError
  + KnowledgeUnavailableError   the tables or the index cannot be reached; may work when tried again
  + EncoderMismatchError        built with another embedding engine than the one now configured
  + DocumentNotFoundError       no such document in this project
  + SearchFailedError           a search came to nothing but a failure
"""


class KnowledgeError(Exception):
    """Something is wrong with the knowledge base; the message says what to do."""

    @property
    def told(self) -> str:
        """What callers are told: no path and no other program's words."""
        return str(self)


class KnowledgeUnavailableError(KnowledgeError):
    """The tables or the index cannot be reached; the message is for the operator."""

    @property
    def told(self) -> str:
        """That it cannot be read; why is in the log."""
        return "the knowledge base cannot be read"


class KnowledgeChangedError(KnowledgeUnavailableError):
    """Somebody else changed the project's documents meanwhile: what was to be written was made for the ones before."""


class EncoderMismatchError(KnowledgeError):
    """The vectors are of another embedding engine, so that no distance between them and a question means anything."""

    def __init__(self, *, project: str, built: str, configured: str) -> None:
        super().__init__(
            f"the knowledge of {project!r} was built with the embeddings {built!r}, but {configured!r} is configured; "
            f"configure {built!r} again, or rebuild it: switchboard ingest {project} --rebuild"
        )
        self.built = built
        self.configured = configured


class DocumentNotFoundError(KnowledgeError):
    """The project has no document of this id."""

    def __init__(self, document_id: str) -> None:
        super().__init__(f"no document {document_id!r} in this project")
        self.document_id = document_id


class SearchFailedError(KnowledgeError):
    """A search failed; the message is what callers are told, and the log has the cause."""
