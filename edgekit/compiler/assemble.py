"""What a render printed, as a body: UTF-8 text with placeholders, its cuts and the spans of its lines."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from edgekit.compiler.merge import Token, merge_variants, write_tokens
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.run import Location
from edgekit.compiler.trace import Text, Traced
from edgekit.model.fragment import Cut, Span, Trace
from edgekit.model.island import format_mark
from edgekit.model.placeholder import BRACE, TOKEN, Encoding, format_alternative, format_end, format_placeholder


class Assembled(NamedTuple):
    body: bytes
    cuts: tuple[Cut, ...]
    trace: Trace


class UnwritableError(Exception):
    """A value stands where no placeholder can: it was printed in a form that is no encoding."""

    def __init__(self, placed: Placed) -> None:
        super().__init__(placed.slot.source)
        self.placed = placed


def assemble(variants: Sequence[Traced], files: Mapping[str, str], *, plain: bool) -> Assembled:
    """The variants of a page for a tier as one body. `files` gives each template's site-relative file.

    `plain` leaves text that reads as a token as it is: static pages are never read by that grammar.
    Raises UnwritableError for a value that was printed without an encoding, SurrogateError for half a character.
    """
    builder = _Builder(plain)
    for is_text, run in groupby(write_tokens(merge_variants(variants)), key=lambda piece: isinstance(piece, Text)):
        if is_text:
            builder.add_texts([piece for piece in run if isinstance(piece, Text)])
        else:
            for piece in run:
                if isinstance(piece, Placed):
                    builder.add_placeholder(piece)
                elif isinstance(piece, Mark):
                    builder.add_mark(piece)
                elif isinstance(piece, Token):
                    builder.add_token(piece)
    names = sorted({name for variant in variants for name in variant.templates})
    position = {name: at for at, name in enumerate(names)}
    spans = tuple(Span(start, position[name], line) for start, (name, line) in builder.spans)
    assets = tuple(sorted({name for variant in variants for name in variant.assets}))
    reads_clock = any(variant.reads_clock for variant in variants)
    trace = Trace(tuple(files[name] for name in names), spans, assets, reads_clock)
    return Assembled(b"".join(builder.body), tuple(builder.cuts), trace)


class SurrogateError(Exception):
    """A lone surrogate was printed, which no UTF-8 has, at `location`."""

    def __init__(self, location: Location | None) -> None:
        super().__init__("a lone surrogate is printed")
        self.location = location


class _Builder:
    def __init__(self, plain: bool) -> None:
        self.plain = plain
        self.body: list[bytes] = []
        self.size = 0
        self.cuts: list[Cut] = []
        self.spans: list[tuple[int, Location]] = []
        self._last: Location | None = None

    def _locate(self, location: Location) -> None:
        if location != self._last:
            self.spans.append((self.size, location))
            self._last = location

    def _write(self, text: str) -> None:
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            raise SurrogateError(self._last) from None
        self.body.append(encoded)
        self.size += len(encoded)

    def add_placeholder(self, placed: Placed) -> None:
        if placed.form in ("raw", "safe_url"):
            raise UnwritableError(placed)
        encoding: Encoding = placed.form  # type: ignore[assignment]
        if placed.location is not None:
            self._locate(placed.location)
        start = self.size
        self._write(format_placeholder(placed.slot.name, encoding))
        self.cuts.append(Cut(start, self.size, placed.slot.name, encoding))

    def add_mark(self, mark: Mark) -> None:
        if mark.location is not None:
            self._locate(mark.location)
        self._write(format_mark(mark.island))

    def add_token(self, token: Token) -> None:
        start = self.size
        name = token.slot.name
        self._write(format_alternative(name, token.choice) if token.sign == "?" else format_end(name))
        self.cuts.append(Cut(start, self.size, name, token.sign))

    def add_texts(self, texts: list[Text]) -> None:
        """Adjacent texts: a token may begin in one and end in another, so they are searched as one."""
        braces = [] if self.plain else _token_starts(texts)
        if not braces:
            for text in texts:
                self._locate(text.location)
                self._write(text.text)
            return
        offset = 0
        for text in texts:
            self._locate(text.location)
            written = 0
            end = offset + len(text.text)
            while braces and braces[0] < end:
                at = braces.pop(0) - offset
                self._write(text.text[written:at])
                start = self.size
                self._write(BRACE)
                self.cuts.append(Cut(start, self.size, "", ""))
                written = at + 1
            self._write(text.text[written:])
            offset = end


def _token_starts(texts: list[Text]) -> list[int]:
    if not any("{" in text.text for text in texts):
        return []
    return [token.start() for token in TOKEN.finditer("".join(text.text for text in texts))]
