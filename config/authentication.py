"""How actions say who they are: the models under `auth`, and what every model of a project has in common."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Model(BaseModel):
    """A frozen piece of a project that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class TokenEndpoint(Model):
    """A token fetched from an endpoint of its own, kept until it expires, refreshed once on 401."""

    type: Literal["token_endpoint"] = Field(description="This kind.")
    url: str = Field(description="Where the token is fetched.")
    method: Literal["GET", "POST"] = Field("POST", description="The HTTP method.")
    body: dict[str, JsonValue] | None = Field(None, alias="json", description="The JSON body.")
    form: dict[str, str] | None = Field(None, description="A form as the body.")
    headers: dict[str, str] = Field({}, description="Headers of that request.")
    token_path: str = Field("access_token", description="Where the token stands in the answer, by JMESPath.")
    expires_path: str | None = Field("expires_in", description="Where the seconds it lasts stand, by JMESPath.")
    header: str = Field("Authorization: Bearer {{ token }}", description="What the action's request then carries.")


class Bearer(Model):
    """A fixed bearer token."""

    type: Literal["bearer"] = Field(description="This kind.")
    token: str = Field(description="The token: `${NAME}`.")


class ApiKey(Model):
    """A key in a header or in the query."""

    type: Literal["api_key"] = Field(description="This kind.")
    key: str = Field(description="The key: `${NAME}`.")
    header: str | None = Field("X-API-Key", description="The header that carries it.")
    query: str | None = Field(None, description="The parameter of the query that carries it.")


class Basic(Model):
    """A user name and a password."""

    type: Literal["basic"] = Field(description="This kind.")
    username: str = Field(description="The user's name.")
    password: str = Field(description="The password: `${NAME}`.")


class OAuth2ClientCredentials(Model):
    """The client credentials grant of OAuth 2.0 (RFC 6749 §4.4)."""

    type: Literal["oauth2_client_credentials"] = Field(description="This kind.")
    token_url: str = Field(description="Where the token is fetched.")
    client_id: str = Field(description="The client's id.")
    client_secret: str = Field(description="The client's secret: `${NAME}`.")
    scope: str | None = Field(None, description="What is asked for.")


Auth = Annotated[TokenEndpoint | Bearer | ApiKey | Basic | OAuth2ClientCredentials, Field(discriminator="type")]
