"""Where a slot's value comes from: the sources that may be declared (contract, sections 3 and 12)."""

import re
from collections.abc import Mapping
from typing import Final

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.header import TOKEN
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, note

_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_SOURCES: Final = {
    "user": _FIELD,
    "segment": _FIELD,
    "request.query": re.compile(r"[^\x00-\x1f\x7f]{1,100}"),
    "request.cookie": TOKEN,
    "request.header": re.compile(TOKEN.pattern.replace("A-Z", "")),  # names of headers compare without case
}
"""What a source begins with → the names that may follow."""

_SOURCE_HELP: Final = (
    "write `user.<field>`, `user.known`, `segment.<field>`, `request.path`, `request.host`, `request.query.<name>`, "
    "`request.cookie.<name>` or `request.header.<name in lower case>`"
)


def check_source(name: str, source: str, by_source: Mapping[str, str], toml: TomlFile, problems: Problems) -> None:
    """Note what is wrong with the source of slot `name`; `by_source` are the sources of the slots before it."""
    keys = ("slots", name, "from")
    if "from" not in toml.content["slots"][name]:
        note(problems, toml, keys, "EK112", f"slot `{name}` does not say where its value comes from", help=_SOURCE_HELP)
    elif source == "user.tier":
        note(
            problems,
            toml,
            keys,
            "EK131",
            f"slot `{name}` reads `{source}`, which is frozen: a fragment is made for one tier",
            help="use `tier` in the template",
        )
    elif source and not _is_source(source):
        kinds = [*_SOURCES, "request.path", "request.host"]
        field = source.partition(".")[2] or "name"
        near = did_you_mean(source, [*kinds, f"user.{field}", f"segment.{field}"])
        note(
            problems,
            toml,
            keys,
            "EK131",
            f"slot `{name}` reads `{source}`, which nothing gives{near}",
            help=_SOURCE_HELP,
        )
    elif source and source in by_source:
        note(
            problems,
            toml,
            keys,
            "EK132",
            f"slots `{by_source[source]}` and `{name}` both read `{source}`",
            help=f"remove one: templates write `{{{{ {source} }}}}` and get the same slot either way",
        )


def _is_source(source: str) -> bool:
    if source in {"request.path", "request.host"}:
        return True
    for root, names in _SOURCES.items():
        if source.startswith(f"{root}."):
            return bool(names.fullmatch(source.removeprefix(f"{root}.")))
    return False
