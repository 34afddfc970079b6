"""A TOML table read into a typed record, with everything that is wrong in it noted, not just the first."""

import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, format_key, note

T = TypeVar("T", bound=msgspec.Struct)

_WORDS: Final = {"str": "string", "int": "integer", "bool": "boolean", "object": "table"}
"""msgspec's names of types → TOML's."""


_EXPECTED: Final = re.compile(r"expected `?(\w+)")
_FORMS: Final = {
    "string": "write a text in quotes",
    "integer": "write a whole number, without quotes",
    "boolean": "write `true` or `false`, without quotes",
    "array": 'write a list, such as `["one", "two"]`',
    "table": "write a table: its keys below a line `[name]`, or `{ key = value }`",
}
"""TOML's word for what is expected → how it is written."""
_SECRET: Final = re.compile("secret|token|password")
_NOT_HERE: Final = "secrets come from the environment and stand in no file of the site: docs/identity.md names them"


def read_table(kind: type[T], table: Mapping[str, Any], keys: tuple[str, ...], toml: TomlFile, problems: Problems) -> T:
    """The table under `keys` as a `kind`; where a value is wrong its default stands, and a problem is noted.

    Every field of `kind` has a default, so there is always a record; records may hold records, and maps of anything.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        place = (*keys, key)
        if key not in fields:
            secret = _SECRET.search(key)
            near = "" if secret else did_you_mean(key, fields)
            known = ", ".join(f"`{name}`" for name in sorted(fields))
            note(
                problems,
                toml,
                place,
                "EK110",
                f"unknown key `{format_key(place)}`{near}",
                help=_NOT_HERE if secret else f"{_title(keys)} knows {known}",
            )
            continue
        read = _read_value(fields[key].type, value, place, toml, problems)
        if read is not msgspec.UNSET:
            values[fields[key].name] = read
    return kind(**values)


def _read_value(annotation: Any, value: Any, keys: tuple[str, ...], toml: TomlFile, problems: Problems) -> Any:
    """The value as its annotation says; UNSET, with a problem noted, where it is wrong.

    A map is read entry by entry, and those that are wrong are left out. A record may be one of several kinds.
    """
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if get_origin(kind) is dict and isinstance(value, dict):
        inner = get_args(kind)[1]
        read = {name: _read_value(inner, entry, (*keys, name), toml, problems) for name, entry in value.items()}
        return {name: entry for name, entry in read.items() if entry is not msgspec.UNSET}
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    record = next((one for one in kinds if isinstance(one, type) and issubclass(one, msgspec.Struct)), None)
    if record is not None and isinstance(value, dict):
        return read_table(record, value, keys, toml, problems)
    if kind is record or get_origin(kind) is dict:
        _refuse(keys, "expected a table", toml, problems)
        return msgspec.UNSET
    try:
        return msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        words = _words_of(annotation)
        _refuse(keys, _plain(str(error)) + _near(value, words), toml, problems, words=words)
        return msgspec.UNSET


def _near(value: object, words: tuple[str, ...]) -> str:
    """The word that `value`, or the first wrong one of a list of words, was most likely meant to be."""
    given = value if isinstance(value, list) else [value]
    wrong = (word for word in given if isinstance(word, str) and word not in words)
    return did_you_mean(next(wrong, ""), map(str, words))


def _words_of(annotation: Any) -> tuple[str, ...]:
    """The words that a field of this type chooses from, if it does."""
    parts = get_args(annotation)
    return parts if get_origin(annotation) is Literal else tuple(word for part in parts for word in _words_of(part))


def _refuse(
    keys: tuple[str, ...], why: str, toml: TomlFile, problems: Problems, *, words: tuple[str, ...] = ()
) -> None:
    allowed = " or ".join(f"`{word}`" for word in words)
    wanted = _EXPECTED.match(why)
    if words and wanted and wanted[1] == "array":
        help = f'write a list, such as `["{words[0]}"]`'
    elif words:
        help = f"write {allowed}"
    else:
        help = _FORMS.get(wanted[1] if wanted else "", "write a value of that kind")
    note(problems, toml, keys, "EK111", f"`{format_key(keys)}` is wrong: {why}", help=help)


def _plain(message: str) -> str:
    """msgspec's message in the words of TOML, which has no null: ``expected `string`, got `integer` ``."""
    said = message.replace(" | null", "").replace(" - at `$[", " in item `[").replace("'", "`")
    said = re.sub(r"(?<=[` ])(str|int|bool|object)(?=[` ])", lambda word: _WORDS[word[1]], said)
    return said[:1].lower() + said[1:]


def _title(keys: tuple[str, ...]) -> str:
    return f"`[{format_key(keys)}]`" if keys else "`edgekit.toml`"
