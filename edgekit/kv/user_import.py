"""Reading users from JSON lines or CSV into a store: streaming, and all of them or (unless told otherwise) none.

One transaction holds the whole file, so a reader sees all of it or nothing; LMDB keeps at most 512 MiB of changed pages
in memory and writes the rest out before the commit. Of two lines with one id the last counts.
"""

import csv
from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO, Final, Literal

import msgspec

from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError, failure
from edgekit.diagnostics.text import format_amount
from edgekit.kv.earlier import forget_earlier, has_earlier
from edgekit.kv.limits import MAX_RECORD
from edgekit.kv.record import Record, check_depth, read_object
from edgekit.kv.store import LmdbStore
from edgekit.kv.unknown_tiers import UnknownTiers
from edgekit.model.expiry import seal
from edgekit.model.keys import MAX_KEY_BYTES, USER_SEGMENTS, hash_id
from edgekit.model.manifest import Manifest
from edgekit.model.slot import MAX_INTEGER

UserFormat = Literal["jsonl", "csv"]

MAX_LINE: Final = 8 * MAX_RECORD
"""Bytes of a line: a record and an id with every character escaped (`\\u00e9`: six bytes for two) still fit."""
SHOWN: Final = 20
"""Skipped lines that are reported one by one."""
_STEP: Final = 8192
_BOM: Final = b"\xef\xbb\xbf"

_INTEGER_DIGITS: Final = 16


class Imported(msgspec.Struct, frozen=True):
    """How many lines were imported and skipped; `findings` are the first of the skipped, and EK808 of the imported."""

    imported: int
    skipped: int
    findings: tuple[Diagnostic, ...]


class _BadLineError(ValueError):
    """Why a line is no user."""


def import_users(
    store: LmdbStore,
    stream: BinaryIO,
    format: UserFormat,
    *,
    file: str,
    expires: int,
    integers: Collection[str] = (),
    manifest: Manifest | None = None,
    skip_bad: bool = False,
    progress: Callable[[int], None] = lambda lines: None,
) -> Imported:
    """Import every line as a user's whole record; `expires` is the expiry of all, `file` their name in messages.

    `integers` are the fields that an integer slot reads: their CSV cells become integers, an empty one nothing.
    `manifest` is the current release's, which knows the tiers.
    Raises EK437 with file and line at the first bad line, unless `skip_bad`; then nothing was imported.
    """
    rows = _read_jsonl(stream) if format == "jsonl" else _read_csv(stream, frozenset(integers))
    encode = msgspec.json.Encoder().encode
    envelope = seal(b"", expires)
    good = skipped = 0
    findings: list[Diagnostic] = []
    unknown = UnknownTiers(manifest)

    def items() -> Iterator[tuple[bytes, bytes]]:
        nonlocal good, skipped
        for line, row in rows:
            try:
                if isinstance(row, _BadLineError):
                    raise row
                id = row.pop("id", None)
                if not isinstance(id, str):
                    raise _BadLineError("it has no `id` that is a string")
                key = id.encode()
                if not 1 <= len(key) <= MAX_KEY_BYTES:
                    raise _BadLineError(f"its `id` has {len(key)} bytes; a store takes 1 to {MAX_KEY_BYTES}")
                value = encode(row)
                if len(value) > MAX_RECORD:
                    raise _BadLineError(f"its record has {len(value):,} bytes; at most {MAX_RECORD:,} are kept")
            except UnicodeEncodeError:
                error = _bad_line(file, line, "it is not UTF-8")
            except _BadLineError as bad:
                error = _bad_line(file, line, str(bad))
            else:
                good += 1
                unknown.add(id, row, line)
                if not good % _STEP:
                    progress(good)
                if lagging:
                    forget_earlier(txn, hash_id(id))
                yield key, envelope + value
                continue
            if not skip_bad:
                raise error
            skipped += 1
            if len(findings) < SHOWN:
                findings.extend(error.diagnostics)

    with store.write() as txn:
        lagging = has_earlier(txn)
        txn.put_many(USER_SEGMENTS, items())
    progress(good)
    return Imported(good, skipped, (*findings, *unknown.warnings(file)))


def _bad_line(file: str, line: int, why: str) -> EdgekitError:
    return failure(
        "EK437",
        f"a user cannot be read: {why}",
        file=file,
        line=line,
        help="mend the line, or leave out bad ones with `edgekit users import --skip-bad`",
    )


Rows = Iterator[tuple[int, Record | _BadLineError]]


def _read_jsonl(stream: BinaryIO) -> Rows:
    for number, line in _lines(stream):
        if line.isspace():
            continue
        try:
            if len(line) > MAX_LINE:
                raise ValueError(f"it has more than {MAX_LINE:,} bytes")
            yield number, read_object(line)
        except ValueError as error:
            yield number, _BadLineError(str(error))


def _read_csv(stream: BinaryIO, integers: frozenset[str]) -> Rows:
    too_long = False

    def text() -> Iterator[str]:
        nonlocal too_long
        for _, line in _lines(stream):
            too_long |= len(line) > MAX_LINE
            # Bytes that are not UTF-8 are found when the record is encoded.
            yield line.decode(errors="surrogateescape")

    reader = csv.reader(text(), strict=True)
    columns: list[str] = []
    while True:
        try:
            too_long = False
            cells = next(reader, None)
            if cells is None:
                return
            if too_long:
                raise ValueError(f"it has more than {MAX_LINE:,} bytes")
            if not columns:
                columns = _parse_columns(cells)
            elif cells:
                yield reader.line_num, _parse_row(columns, cells, integers)
        except (csv.Error, ValueError) as error:
            yield reader.line_num, _BadLineError(str(error))
            if not columns:
                return


def _parse_columns(cells: list[str]) -> list[str]:
    if "id" not in cells or len(set(cells)) != len(cells):
        raise ValueError("the first line must name the columns, one of them `id`, none twice")
    return cells


def _parse_row(columns: list[str], cells: list[str], integers: frozenset[str]) -> Record:
    if len(cells) != len(columns):
        raise ValueError(f"it has {format_amount(len(cells), 'cell')} for {format_amount(len(columns), 'column')}")
    record: Record = {}
    for column, cell in zip(columns, cells, strict=True):
        if column == "id":
            record[column] = cell
        elif column in integers:
            if cell:
                record[column] = _parse_integer(column, cell)
        elif cell.startswith("["):
            record[column] = _parse_list(column, cell)
        else:
            record[column] = cell
    return record


def _parse_integer(column: str, cell: str) -> int:
    digits = cell.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _INTEGER_DIGITS) or int(digits) > MAX_INTEGER:
        raise ValueError(f"`{column}` is to be an integer within ±(2^53-1), not `{cell[:40]}`")
    return int(cell)


def _parse_list(column: str, cell: str) -> list[object]:
    raw = cell.encode()
    try:
        values = msgspec.json.decode(raw, type=list[object])
    except (msgspec.MsgspecError, RecursionError):
        raise ValueError(f"`{column}` begins with `[` but is no JSON list") from None
    check_depth(raw)
    return values


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines; of one that is too long its first `MAX_LINE` + 1 bytes."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 1)
        yield number, line.removeprefix(_BOM) if number == 1 else line
