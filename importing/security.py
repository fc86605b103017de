"""Security schemes as a project's auth; secrets are references to the environment, never values."""

import re
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from importing.documents import Document, Object
from importing.naming import snake

_PARAMETER: Final = re.compile(r"[A-Za-z0-9_.\-]{1,100}")


@dataclass
class Security:
    """The schemes of a document; what was used becomes the project's `auth`."""

    document: Document
    prefix: str
    """Begins the names of environment variables: PETSTORE."""

    def __post_init__(self) -> None:
        self.used: dict[str, dict[str, JsonValue]] = {}
        components = self.document.resolve(self.document.root.get("components"), "components")
        self._schemes = self.document.resolve(components.get("securitySchemes"), "components")

    def auth_of(self, operation: Object, where: str) -> str | None:
        """The name of an operation's auth; None where it needs none or none that we know."""
        wanted = operation["security"] if "security" in operation else self.document.root.get("security")
        if not isinstance(wanted, list) or not wanted or {} in wanted:
            return None
        for requirement in wanted:
            if isinstance(requirement, dict) and (name := self._first(requirement, where)):
                return name
        self.document.notes.add(where, "none of its ways to authenticate is known; it is called without")
        return None

    def _first(self, requirement: Object, where: str) -> str | None:
        for scheme in requirement:
            auth = self._auth(scheme, requirement[scheme], where)
            if auth is not None:
                if len(requirement) > 1:
                    self.document.notes.add(where, f"of {len(requirement)} credentials together only one is sent")
                name = snake(scheme, "auth")
                self.used[name] = auth
                return name
        return None

    def _auth(self, name: str, scopes: JsonValue, where: str) -> dict[str, JsonValue] | None:
        scheme = self.document.resolve(self._schemes.get(name), where)
        variable = f"{self.prefix}_{snake(name, 'auth').upper()}"
        match str(scheme.get("type")), str(scheme.get("scheme")).lower():
            case "http", "basic":
                return {"type": "basic", "username": f"${{{variable}_USER}}", "password": f"${{{variable}_PASSWORD}}"}
            case "http", "bearer":
                return {"type": "bearer", "token": f"${{{variable}_TOKEN}}"}
            case "apiKey", _:
                return self._api_key(scheme, variable)
            case "oauth2", _:
                return self._oauth2(scheme, scopes, variable, where)
            case "openIdConnect", _:
                self.document.notes.add("auth", f"{name}: OpenID Connect is taken as a fixed bearer token")
                return {"type": "bearer", "token": f"${{{variable}_TOKEN}}"}
        return None

    def _api_key(self, scheme: Object, variable: str) -> dict[str, JsonValue] | None:
        name = str(scheme.get("name"))
        if not _PARAMETER.fullmatch(name):
            return None
        match scheme.get("in"):
            case "header" if name.lower() == "authorization":
                # Some documents describe a bearer token so; the variable then holds the header's whole value.
                return {"type": "api_key", "key": f"${{{variable}}}", "header": "Authorization"}
            case "header":
                return {"type": "api_key", "key": f"${{{variable}}}", "header": name}
            case "query":
                return {"type": "api_key", "key": f"${{{variable}}}", "query": name}
        return None

    def _oauth2(self, scheme: Object, scopes: JsonValue, variable: str, where: str) -> dict[str, JsonValue]:
        flows = self.document.resolve(scheme.get("flows"), where)
        flow = flows.get("clientCredentials")
        if not isinstance(flow, dict):
            self.document.notes.add("auth", "OAuth 2.0 without client credentials is taken as a fixed bearer token")
            return {"type": "bearer", "token": f"${{{variable}_TOKEN}}"}
        # The address comes from the operator: a document may not choose where credentials are sent.
        self.document.notes.add(
            "auth", f"set {variable}_TOKEN_URL; the document says {str(flow.get('tokenUrl'))[:120]}"
        )
        auth: dict[str, JsonValue] = {
            "type": "oauth2_client_credentials",
            "token_url": f"${{{variable}_TOKEN_URL}}",
            "client_id": f"${{{variable}_CLIENT}}",
            "client_secret": f"${{{variable}_SECRET}}",
        }
        names = (
            [one for one in scopes if isinstance(one, str) and re.fullmatch(r"[!#-\[\]-z|~]{1,200}", one)]
            if isinstance(scopes, list)
            else []
        )
        return {**auth, "scope": " ".join(names)} if names else auth
