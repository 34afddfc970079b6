"""The lists of tests/cases/places: where a slot may stand and where not, one place a line."""

from typing import Final, Literal

from tests.source import ROOT

_BODY: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>A page</title></head>
<body>
{}
</body>
</html>
"""


def read_places(name: Literal["safe", "unsafe"]) -> list[str]:
    """The places of a list: its lines but for its headings."""
    lines = (ROOT / f"tests/cases/places/{name}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def write_page(place: str) -> tuple[str, int]:
    """A page's template that holds a place, and the line that it stands in."""
    return (place, 1) if place.startswith("<!doctype") else (_BODY.replace("{}", place), 5)
