"""A TOML table read into a typed record, with everything that is wrong in it noted, not just the first."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import msgspec

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, format_key, note

T = TypeVar("T", bound=msgspec.Struct)

_WORDS: Final = {"str": "string", "int": "integer", "bool": "boolean", "object": "table"}
"""msgspec's names of types → TOML's."""


def read_table(kind: type[T], table: Mapping[str, Any], keys: tuple[str, ...], toml: TomlFile, problems: Problems) -> T:
    """The table under `keys` as a `kind`; where a value is wrong its default stands, and a problem is noted.

    Every field of `kind` has a default, so there is always a record; records may hold records and maps of records.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        place = (*keys, key)
        if key not in fields:
            near = did_you_mean(key, fields)
            known = ", ".join(f"`{name}`" for name in sorted(fields))
            note(
                problems,
                toml,
                place,
                "EK110",
                f"unknown key `{format_key(place)}`{near}",
                help=f"{_title(keys)} knows {known}",
            )
            continue
        field = fields[key]
        inner = _record_in(field.type)
        if inner is None:
            try:
                values[field.name] = msgspec.convert(value, field.type)
            except msgspec.ValidationError as error:
                _refuse(place, _plain(str(error)), toml, problems, words=_words_of(field.type))
        elif not isinstance(value, dict):
            _refuse(place, "expected a table", toml, problems)
        elif get_origin(field.type) is dict:
            entries = values[field.name] = {}
            for name, entry in value.items():
                if isinstance(entry, dict):
                    entries[name] = read_table(inner, entry, (*place, name), toml, problems)
                else:
                    _refuse((*place, name), "expected a table", toml, problems)
        else:
            values[field.name] = read_table(inner, value, place, toml, problems)
    return kind(**values)


def _record_in(annotation: Any) -> type[msgspec.Struct] | None:
    """The record that a field of this type is, or maps names to."""
    if get_origin(annotation) is dict:
        annotation = get_args(annotation)[1]
    return annotation if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct) else None


def _words_of(annotation: Any) -> tuple[str, ...]:
    """The words that a field of this type chooses from, if it does."""
    parts = get_args(annotation)
    return parts if get_origin(annotation) is Literal else tuple(word for part in parts for word in _words_of(part))


def _refuse(
    keys: tuple[str, ...], why: str, toml: TomlFile, problems: Problems, *, words: tuple[str, ...] = ()
) -> None:
    allowed = " or ".join(f"`{word}`" for word in words)
    help = f"write {allowed}" if words else "write a value of that kind"
    note(problems, toml, keys, "EK111", f"`{format_key(keys)}` is wrong: {why}", help=help)


def _plain(message: str) -> str:
    """msgspec's message in the words of TOML, which has no null: ``expected `string`, got `integer` ``."""
    said = message.replace(" | null", "").replace(" - at `$[", " in item `[").replace("'", "`")
    said = re.sub(r"(?<=[` ])(str|int|bool|object)(?=[` ])", lambda word: _WORDS[word[1]], said)
    return said[:1].lower() + said[1:]


def _title(keys: tuple[str, ...]) -> str:
    return f"`[{format_key(keys)}]`" if keys else "`edgekit.toml`"
