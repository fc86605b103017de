"""A project's documents: list, upload, remove, and what a search finds."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response, UploadFile
from pydantic import JsonValue

from dialogue.audience import Audience
from serving.auditing import audit
from serving.auth import Admin, Agent
from serving.chat import problems
from serving.contract import Done, SearchRequest
from serving.problems import ProblemError
from serving.reach import Open, project_of
from serving.strict import StrictRoute
from serving.text import clean, to_json

router = APIRouter(
    prefix="/knowledge", route_class=StrictRoute, tags=["knowledge"], responses=problems(401, 403, 404, 422, 503)
)

ProjectQuery = Annotated[str | None, Query(description="The project; may be left out where the tenant has one.")]


@router.get("/documents", response_model=dict[str, JsonValue])
async def documents(caller: Agent, services: Open, project: ProjectQuery = None) -> Response:
    """The documents the bot answers from."""
    place = project_of(caller, services.versions, project).project
    found = await services.knowledge.documents(place.tenant, place.name)
    return _json({"project": place.name, "documents": [*found]})


@router.post("/documents", status_code=201, response_model=dict[str, JsonValue], responses=problems(400, 413, 415))
async def upload(
    *,
    caller: Admin,
    services: Open,
    file: UploadFile,
    project: Annotated[str | None, Form(description="The project, where the tenant has several.")] = None,
    labels: Annotated[str, Form(description="For whom it is, between commas; none: for everybody.")] = "",
    channels: Annotated[str, Form(description="The channels it is found on, between commas; none: all.")] = "",
) -> Response:
    """Add a document (md, html, txt, pdf, docx, csv, xlsx); one of the same name is replaced."""
    place = project_of(caller, services.versions, project).project
    added = await services.knowledge.add(
        place.tenant,
        place.name,
        _name(file.filename),
        await file.read(),
        labels=_listed("labels", labels),
        channels=_listed("channels", channels),
    )
    if added.get("status") == "refused":
        raise ProblemError(422, "validation", f"file: {clean(str(added.get('reason') or 'cannot be read'))}")
    audit(caller, "uploaded", place.tenant, place.name, document=str(added.get("id", "")))
    return _json(added, status=201)


@router.delete("/documents/{document_id:path}")
async def remove(document_id: str, caller: Admin, services: Open, project: ProjectQuery = None) -> Done:
    """Take a document out of the knowledge base."""
    place = project_of(caller, services.versions, project).project
    if not await services.knowledge.remove(place.tenant, place.name, document_id):
        raise ProblemError(404, "validation", "There is no such document.")
    audit(caller, "removed", place.tenant, place.name, document=document_id)
    return Done()


@router.post("/search", response_model=dict[str, JsonValue], responses=problems(400, 413, 415))
async def search(body: SearchRequest, caller: Agent, services: Open) -> Response:
    """What retrieval finds for a question, with scores."""
    place = project_of(caller, services.versions, body.project).project
    audience = Audience(channel=body.channel_type, labels=frozenset(body.labels))
    found = await services.knowledge.search(
        place.tenant, place.name, body.query, locale=body.locale, limit=body.limit, audience=audience
    )
    return _json({"project": place.name, "query": body.query, "passages": [*found]})


def _listed(field: str, text: str) -> list[str]:
    """What stands between commas."""
    found = [one for part in text.split(",") if (one := clean(part).strip())]
    if len(found) > 20 or any(len(one) > 64 for one in found):
        raise ProblemError(422, "validation", f"{field}: at most 20, of at most 64 characters each")
    return found


def _name(filename: str | None) -> str:
    """The bare name of what was uploaded; a path in it is cut off."""
    name = clean(filename or "").replace("\\", "/").rpartition("/")[2].strip()
    if name in ("", ".", "..") or len(name) > 200:
        raise ProblemError(422, "validation", "file: needs a plain name of at most 200 characters")
    return name


def _json(value: JsonValue, *, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")
