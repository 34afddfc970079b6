"""docs/site.md has every key of edgekit.toml as the schema describes it; `EDGEKIT_REWRITE_CASES=1` writes them."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any, Final

from edgekit.project.schema import build_schema
from tests.source import ROOT

DOCUMENT: Final = ROOT / "docs" / "site.md"

TABLE: Final = re.compile(r"^\| table \| key \| default \| meaning \|\n(?:\|.*\n)+", re.M)

ENTRIES: Final = {
    "pages": '"product/[sku].html"',
    "islands": '"product-card"',
    "slots": "USER_NAME",
    "redirects": '"/shop"',
    "headers": '"/product/*"',
}
"""Tables whose keys are names of the site's own, and one such name."""


def describe_keys() -> str:
    rows = ["| table | key | default | meaning |", "|---|---|---|---|", *describe_table(build_schema(), ())]
    return "".join(f"{row}\n" for row in rows)


def describe_table(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """A row for each key with a value; then the tables below."""
    tables = {}
    title = f" `[{'.'.join(path)}]`"
    for key, value in schema["properties"].items():
        entry = value.get("additionalProperties")
        if "properties" in value:
            tables[(key,)] = value
        elif isinstance(entry, dict) and "properties" in entry:
            tables[key, ENTRIES[key]] = entry
        elif key in ENTRIES:
            yield f"| `[{key}]` | `{ENTRIES[key]}` | none | {value['description']} |"
        else:
            default = "required" if key in schema["required"] else describe_default(value)
            yield f"|{title} | `{key}` | {default} | {value['description']} |"
            title = ""
    for below, table in tables.items():
        yield from describe_table(table, (*path, *below))


def describe_default(schema: dict[str, Any]) -> str:
    if "default" not in schema:
        return "none"
    default = schema["default"]
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def test_the_table_of_keys_is_what_the_configuration_says() -> None:
    text = DOCUMENT.read_text("utf-8")
    (written,) = TABLE.findall(text)
    if os.environ.get("EDGEKIT_REWRITE_CASES"):
        DOCUMENT.write_text(text.replace(written, describe_keys()), "utf-8")
    else:
        assert written == describe_keys(), "EDGEKIT_REWRITE_CASES=1 writes docs/site.md anew"
