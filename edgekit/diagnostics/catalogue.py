"""Every code with its title, why it exists, and a bad and a good example. Declared here = emitted somewhere.

EK1xx site and configuration · EK2xx slot used as a value · EK3xx HTML context · EK4xx keys, sizes, store ·
EK5xx budget · EK6xx delivery and caching · EK7xx targets · EK8xx warnings for what silently does nothing.

An entry is a Markdown file `entries/CODE.md`, read when it is asked for: a heading with the title, a paragraph that
says why, `## Bad` and `## Good`. ARCHITECTURE.md has the recipe.
"""

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_ENTRIES: Final = Path(__file__).with_name("entries")


class Entry(NamedTuple):
    """What a code stands for, in Markdown.

    `title` is the bad pattern, never the remedy; `why` one or two sentences; `bad` an example that gives the code and
    what would go wrong; `good` the ways out, and the same example mended.
    """

    code: str
    title: str
    why: str
    bad: str
    good: str


@cache
def list_codes() -> tuple[str, ...]:
    """All codes, sorted. Reads no entry."""
    return tuple(sorted(file.stem for file in _ENTRIES.glob("EK*.md")))


@cache
def read_entry(code: str) -> Entry:
    """The entry of a code. Raises KeyError for one that is not declared."""
    if code not in list_codes():
        raise KeyError(code)
    head, bad, good = _ENTRIES.joinpath(f"{code}.md").read_text("utf-8").split("\n## ")
    title, _, why = head.partition("\n")
    return Entry(
        code,
        title.removeprefix("# "),
        why.strip(),
        bad.removeprefix("Bad\n").strip(),
        good.removeprefix("Good\n").strip(),
    )


def format_entry(entry: Entry, *, level: int = 1) -> str:
    """An entry as Markdown, its headings of this level and the next."""
    heading = "#" * level
    return (
        f"{heading} {entry.code}: {entry.title}\n\n{entry.why}\n\n"
        f"{heading}# Bad\n\n{entry.bad}\n\n{heading}# Good\n\n{entry.good}\n"
    )
