"""`[headers]`: what the site adds to the headers of its answers, by a pattern of their paths."""

from collections.abc import Mapping

from edgekit.model.header import MAX_HEADERS, MAX_PATTERNS, MAX_VALUE, TOKEN, is_value, own_reason
from edgekit.model.path import Redirect, Refusal, canonical_path
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, note


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
        elif why := own_reason(name):
            note(problems, toml, keys, "EK166", f"`{written}` cannot be set: {why}", help="leave it out")
        elif name in read:
            what = f"`{pattern}` has the header `{name}` twice"
            note(problems, toml, keys, "EK167", what, help="names of headers compare without case: write it once")
        elif not is_value(value):
            what = f"the value of `{written}` is empty, longer than {MAX_VALUE} bytes or no printable ASCII"
            note(problems, toml, keys, "EK167", what, help="write printable ASCII, without a space at its ends")
        else:
            read[name] = value
    return dict(sorted(read.items()))
