"""The JSON Schema of `edgekit.toml`, with which editors complete and check it."""

from typing import Any, Final

import msgspec

from edgekit.project.config import CONFIG_NAME, REQUIRED, Config

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
"""What editors of TOML know: Taplo, on which Even Better TOML stands, and Tombi."""

_NULL: Final = {"type": "null"}


def build_schema() -> dict[str, Any]:
    """The schema, JSON-able, in one piece: Taplo shows nothing that stands beside a `$ref`.

    It knows keys, kinds and bounds. What depends on other keys or files only loading a site tells.
    """
    _, tables = msgspec.json.schema_components([Config])
    return {"$schema": _DRAFT, "title": CONFIG_NAME, **_resolve(tables["Config"], tables)}


def _resolve(schema: dict[str, Any], tables: dict[str, Any]) -> dict[str, Any]:
    """A schema as TOML has it: tables in their places, no null, and no keys but the known ones."""
    if "$ref" in schema:
        schema = {**tables[schema["$ref"].rpartition("/")[2]], **schema}
    schema = {key: value for key, value in schema.items() if key not in ("$ref", "title")}
    if "anyOf" in schema:
        kinds = [_resolve(kind, tables) for kind in schema.pop("anyOf") if kind != _NULL]
        if len(kinds) == 1 and "properties" in kinds[0]:
            return kinds[0]
        schema = {**schema, "anyOf": kinds} if len(kinds) > 1 else {**kinds[0], **schema}
    if "items" in schema:
        schema["items"] = _resolve(schema["items"], tables)
    if "properties" in schema:
        return _resolve_table(schema, tables)
    if "additionalProperties" in schema:
        schema["additionalProperties"] = entry = _resolve(schema["additionalProperties"], tables)
        if "description" in entry:
            schema.setdefault("description", entry["description"])
    if schema.get("default") in (None, "", (), {}):  # says only that the key may be left out
        schema.pop("default", None)
    return schema


def _resolve_table(schema: dict[str, Any], tables: dict[str, Any]) -> dict[str, Any]:
    (mark,) = REQUIRED
    properties = {key: _resolve(value, tables) for key, value in schema["properties"].items()}
    # A table that needs a key is needed itself, if it is no optional one.
    optional = {key for key, value in schema["properties"].items() if _NULL in value.get("anyOf", ())}
    required = [
        key
        for key, value in properties.items()
        if value.pop(mark, False) or (value.get("required") and key not in optional)
    ]
    schema.pop("default", None)
    return {**schema, "properties": properties, "required": required, "additionalProperties": False}
