"""The console at /, the widget, and their files: static, from this machine only."""

from os import PathLike
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).resolve().parents[1] / "web"

_REVALIDATED = {"Cache-Control": "no-cache"}
# The one file that pages of other sites may load.
_ANYWHERE = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}

router = APIRouter()


@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """The console."""
    return FileResponse(WEB / "index.html", media_type="text/html", headers=_REVALIDATED)


@router.get("/widget.js", include_in_schema=False)
async def widget() -> FileResponse:
    """The script that puts the chat on a page of another site."""
    return FileResponse(WEB / "widget.js", media_type="text/javascript", headers=_ANYWHERE)


class _Files(StaticFiles):
    """Files that a browser keeps, and asks about before it uses them again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_REVALIDATED)
        return response


def web_files(folder: str | PathLike[str] = WEB) -> StaticFiles:
    """The console's scripts and styles, mounted at /web."""
    return _Files(directory=folder)
