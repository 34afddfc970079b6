"""docs/diagnostics.md holds every entry of the catalogue; `EDGEKIT_REWRITE_CASES=1` writes it anew."""

import os
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from edgekit.diagnostics.catalogue import format_entry, list_codes, read_entry
from tests.source import ROOT

DOCUMENT: Final = ROOT / "docs" / "diagnostics.md"

HEADING: Final = "\n## All codes\n"
"""What stands before it is written by hand."""

RANGES: Final = {
    "EK1": "EK1xx: site and configuration",
    "EK2": "EK2xx: slot used as a value",
    "EK3": "EK3xx: HTML context",
    "EK4": "EK4xx: keys, sizes, store",
    "EK5": "EK5xx: budget",
    "EK6": "EK6xx: delivery and caching",
    "EK7": "EK7xx: targets",
    "EK8": "EK8xx: warnings",
}


def describe_codes() -> str:
    titles = {code: f"{code}: {read_entry(code).title}" for code in list_codes()}
    rows = [f"| [{code}](#{anchor(title)}) | {title.partition(': ')[2]} |\n" for code, title in titles.items()]
    return "\n| code | stands for |\n|---|---|\n" + "".join(rows) + "".join(describe_ranges())


def describe_ranges() -> Iterator[str]:
    for start, codes in groupby(list_codes(), lambda code: code[:3]):
        yield f"\n## {RANGES[start]}\n"
        for code in codes:
            yield "\n" + format_entry(read_entry(code), level=3)


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_document_holds_the_catalogue() -> None:
    introduction, heading, rest = DOCUMENT.read_text("utf-8").partition(HEADING)
    if os.environ.get("EDGEKIT_REWRITE_CASES"):
        DOCUMENT.write_text(introduction + HEADING + describe_codes(), "utf-8")
    else:
        assert heading + rest == HEADING + describe_codes(), "EDGEKIT_REWRITE_CASES=1 writes docs/diagnostics.md anew"
