"""The JSON Schema of project.yaml, for editors and for messages that say what is expected."""

from functools import cache
from typing import Final, cast

from pydantic import JsonValue

from config.project import Project

DIALECT: Final = "http://json-schema.org/draft-07/schema#"


def _closed(node: JsonValue) -> JsonValue:
    """The schema in the words of draft-07; names that fit no pattern are refused, as the models refuse them."""
    if isinstance(node, list):
        return [_closed(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    kept = {("definitions" if key == "$defs" else key): _closed(value) for key, value in node.items()}
    kept.pop("discriminator", None)
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = str(kept["$ref"]).replace("#/$defs/", "#/definitions/")
        # Draft-07 ignores what stands beside a reference.
        if len(kept) > 1:
            reference = kept.pop("$ref")
            kept["allOf"] = [{"$ref": reference}]
    if "patternProperties" in kept and "additionalProperties" not in kept:
        kept["additionalProperties"] = False
    return kept


@cache
def project_schema() -> dict[str, JsonValue]:
    """The schema of a whole project.yaml."""
    schema = cast("dict[str, JsonValue]", _closed(Project.model_json_schema(by_alias=True)))
    return {"$schema": DIALECT, "title": "project.yaml", **{k: v for k, v in schema.items() if k != "title"}}
