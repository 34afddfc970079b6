"""`[headers]`: what the site adds to the headers of its answers, by a pattern of their paths."""

import re
from collections.abc import Mapping
from typing import Final

from edgekit.model.path import Redirect, Refusal, canonical_path
from edgekit.project.config import TOKEN
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, note

MAX_PATTERNS: Final = 100
MAX_HEADERS: Final = 50
"""Of one pattern."""
MAX_VALUE: Final = 4_096
"""Bytes; servers in front take a few KiB of an answer's headers."""

_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")

_OWN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("age", "edge-control", "etag", "expires", "last-modified", "no-vary-search", "pragma", "vary", "warning",
         "x-accel-expires"),
        "caching is edgekit's own: it follows from what a page reads",
    ),
    **dict.fromkeys(
        ("accept-ranges", "content-encoding", "content-length", "content-range", "content-type"),
        "it says what the body is, which edgekit knows",
    ),
    **dict.fromkeys(
        ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
         "transfer-encoding", "upgrade"),
        "it belongs to one connection",
    ),
    "allow": "edgekit sends it where a method is refused",
    "date": "the server sends it",
    "location": "write a redirect to `[redirects]`",
    "set-cookie": "a cache would give everybody the same cookie",
}  # fmt: skip
"""Headers that no site may set, and why."""


def read_headers(
    table: Mapping[str, Mapping[str, str]], toml: TomlFile, problems: Problems
) -> dict[str, dict[str, str]]:
    """Pattern (decoded) → name in lower case → value, sorted; what has problems is left out, the problems noted."""
    if len(table) > MAX_PATTERNS:
        what = f"`[headers]` has {len(table)} patterns, more than {MAX_PATTERNS}"
        note(problems, toml, ("headers",), "EK165", what, help="use `*` for the rest of a path")
        return {}
    headers: dict[str, dict[str, str]] = {}
    for written, values in table.items():
        pattern, fault = _read_pattern(written)
        if pattern in headers:
            fault = "is another spelling of a pattern that is there"
        if fault:
            help = 'write a path, or the begin of one and `*`: `"/product/*"`, or `"/*"` for all'
            note(problems, toml, ("headers", written), "EK165", f"`{written}` {fault}", help=help)
        else:
            headers[pattern] = _read_values(written, values, toml, problems)
    return dict(sorted(headers.items()))


def _read_pattern(written: str) -> tuple[str, str | None]:
    """The decoded pattern, and what is wrong with it (the end of a sentence), if something is."""
    start = written.removesuffix("*")
    star = written[len(start) :]
    probe = start + "x" if star else start  # `/product/` is no path, but a path may begin with it
    path = canonical_path(probe)
    if isinstance(path, Refusal) or "?" in written or "#" in written:
        return written, "is not the path of any request"
    if isinstance(path, Redirect):
        return (
            written,
            f"is not canonical: requests for it are redirected to `{path.location.removesuffix('x' * len(star))}`",
        )
    decoded = path.removesuffix("x") if star else path
    if "*" in decoded:
        return written, "has a `*` that is not at its end"
    if "[" in start or "]" in start:
        return written, "has a bracket: patterns have no parts, and the character itself is written `%5B` or `%5D`"
    return decoded + star, None


def _read_values(pattern: str, values: Mapping[str, str], toml: TomlFile, problems: Problems) -> dict[str, str]:
    read: dict[str, str] = {}
    if len(values) > MAX_HEADERS:
        what = f"`{pattern}` has {len(values)} headers, more than {MAX_HEADERS}"
        note(problems, toml, ("headers", pattern), "EK167", what, help="send fewer")
        return read
    for written, value in values.items():
        name = written.lower()
        keys = ("headers", pattern, written)
        if not TOKEN.fullmatch(written):
            note(
                problems,
                toml,
                keys,
                "EK167",
                f"`{written}` is no name of a header",
                help="write one such as `x-frame-options`",
            )
        elif why := _own(name):
            note(problems, toml, keys, "EK166", f"`{written}` cannot be set: {why}", help="leave it out")
        elif name in read:
            what = f"`{pattern}` has the header `{name}` twice"
            note(problems, toml, keys, "EK167", what, help="names of headers compare without case: write it once")
        elif len(value) > MAX_VALUE or not _VALUE.fullmatch(value):
            what = f"the value of `{written}` is empty, longer than {MAX_VALUE} bytes or no printable ASCII"
            note(problems, toml, keys, "EK167", what, help="write printable ASCII, without a space at its ends")
        else:
            read[name] = value
    return dict(sorted(read.items()))


def _own(name: str) -> str | None:
    if name.endswith("cache-control") or name.startswith("surrogate-"):
        return _OWN["etag"]
    if name.startswith("x-edgekit-"):
        return "it is edgekit's own"
    return _OWN.get(name)
