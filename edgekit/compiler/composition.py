"""Whether a page and its islands, parsed apart, are what they are when replay has put them together.

Two halves, decided by a WHATWG-conforming parser (lexbor). A mark or list slot stands in flow content: inside the
containers of `_NESTS` and nothing else, and where an island of nearly every element comes out whole. An island or item
is whole: put into each of those containers, it is read in the same way and leaves no trace behind it; so no element,
comment or formatting stays open, and no end tag or implied end reaches a container around it. What a tokenizer could
read across the seam (`<` or the begin of a character reference at its end) is refused on both sides.
"""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from edgekit.compiler.island import ELEMENT, SCRIPT
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.run import Spot
from edgekit.compiler.trace import Text

Piece = Text | Placed | Mark


class Misfit(NamedTuple):
    """Why a page and its islands cannot be put together: where, what is wrong (a clause), and the way out."""

    code: str
    spot: Spot
    what: str
    help: str


_BLOCKS: Final = (
    "div", "main", "section", "article", "aside", "header", "footer", "nav", "figure", "figcaption", "blockquote",
    "details", "dialog", "fieldset",
)  # fmt: skip
_NESTS: Final = (
    ("<!doctype html><body>", (*_BLOCKS, "table", "tbody", "tr", "td", "ul", "li", "ol", "li", "menu", "li")),
    ("<body>", (*_BLOCKS, "dl", "dt", "dl", "dd", ELEMENT)),
)
"""Documents, one of them in quirks mode, and elements inside each other, in which a mark may stand.

Each element is where an end tag of its own, or what implies one, would reach it from inside: a cell hides what is
around it from end tags, and `<li>` hides `<dd>`.
"""

_CONTAINERS: Final = frozenset({"html", "body", *(name for _, nest in _NESTS for name in nest)})

_LISTS: Final = frozenset({"ul", "ol", "menu", "dl"})

_AT_SEAM: Final = re.compile(r"(?:</?|&#?[0-9A-Za-z]*)\Z", re.ASCII)
"""The end of a text that the tokenizer would read together with what follows."""

_NOSCRIPT: Final = re.compile(r"<(/?)noscript(?=[\s/>])", re.IGNORECASE | re.ASCII)


def check_places(pieces: Sequence[Piece], *, island: bool) -> list[Misfit]:
    """The marks, list slots and client islands of a page, or of an `island`, that stand where none may."""
    fetched = any(ELEMENT in piece.text for piece in pieces if type(piece) is Text)
    if not fetched and not any(map(_is_insert, pieces)):
        return []
    before = ""
    for piece in pieces:
        if _is_insert(piece) and (seam := _AT_SEAM.search(before)):
            help = f"write `&lt;` or `&amp;` for the sign itself, or put a space behind `{seam[0]}`"
            return [_misplaced(piece, f"`{seam[0]}` stands before it, which may begin a tag or a character", help)]
        before = before + piece.text if type(piece) is Text else ""
    word = "probe"
    text = _fill(pieces, "").lower()
    while word in text:
        word += "e"
    page = "".join(_written(piece, number, word) for number, piece in enumerate(pieces))
    page = f"<!doctype html><body><div>{page}</div>" if island else page
    for reading in _readings(page):
        tree = LexborHTMLParser(reading)
        found = {node.attributes["class"]: node for node in tree.css(f"[class^={word}]")}
        for number, piece in enumerate(pieces):
            if not _is_insert(piece):
                continue
            what = _judge(found.get(f"{word}{number}"), number, word)
            if "<frameset" in text:  # an island would decide whether a browser reads it
                what = "it stands on a page with `<frameset>`"
            if what:
                return [_misplaced(piece, what, _PLACE_HELP)]
        if fetched and (at := _find_unfilled(tree, reading.lower().count(f"<{ELEMENT}"))) is not None:
            what = f"`<{ELEMENT}>` of a client island does not come out whole, or stands where no island may"
            return [Misfit("EK311", _find(pieces, f"<{ELEMENT}", at), what, _CLIENT_HELP)]
    return []


def check_island(pieces: Sequence[Piece]) -> list[Misfit]:
    """What keeps an island or item from being whole."""
    text = _fill(pieces, "\0")
    if tag := _OF_DOCUMENT.search(text):
        what = f"the island holds `{tag[0]}`, a part of a whole page"
        return [Misfit("EK312", find_spot(pieces, tag.start()), what, "leave it out: an island extends no layout")]
    if seam := _AT_SEAM.search(text):
        help = f"write `&lt;` or `&amp;` for the sign itself, or put a space behind `{seam[0]}`"
        what = f"the island ends in `{seam[0]}`, which may begin a tag or a character together with what follows"
        return [Misfit("EK312", find_spot(pieces, seam.start()), what, help)]
    for filled in {_fill(pieces, ""), _fill(pieces, "x")}:
        for reading in _readings(filled):
            readings = {_read_inside(before, after, expected, reading) for before, after, expected in _SURROUNDINGS}
            if None in readings or len(readings) > 1:
                at, what, help = _explain(text)
                return [Misfit("EK312", find_spot(pieces, at), f"the island is not whole: {what}", help)]
            if "<select" in reading.lower() and _is_disputed(reading):
                at = text.lower().index("<select")
                what = "the island holds a `<select>` with more than options, which browsers read in different ways"
                help = "keep to `<option>`, `<optgroup>` and `<hr>` there"
                return [Misfit("EK312", find_spot(pieces, at), what, help)]
    return []


def find_script(pieces: Sequence[Piece]) -> Spot | None:
    """Where a script stands that would run in a page; data in a script element do not."""
    text = _fill(pieces, "x")
    if "<script" not in text.lower():
        return None
    scripts = LexborHTMLParser(f"<!doctype html><body>{text}").css("script")
    for number, script in enumerate(scripts):
        if "json" not in (script.attributes.get("type") or ""):
            return _find(pieces, "<script", number)
    return None


def _fill(pieces: Sequence[Piece], value: str) -> str:
    """The text, with one value in the place of all slots and marks."""
    return "".join(piece.text if type(piece) is Text else value for piece in pieces)


# --- where marks stand ---

_WITNESS: Final = (
    "x<p>x</p><div>x</div><a>x</a><b>x</b><nobr>x</nobr><button>x</button><h1>x</h1><ul><li>x</li></ul>"
    "<dl><dt>x</dt><dd>x</dd></dl><form><input></form><select><option>x</option></select>"
    "<table><tbody><tr><td>x</td></tr></tbody></table><textarea>x</textarea><style>x</style><script>x</script>"
    "<template>x</template><option>x</option><ruby>x<rt>x</rt></ruby><svg><title>x</title></svg><pre>x</pre>"
    "<section>x</section><details><summary>x</summary></details><fieldset><legend>x</legend></fieldset><hr>x"
)
"""An island in which every rule of the parser that depends on what is open would show itself."""

_PLACE_HELP: Final = (
    "an island stands where paragraphs may: inside `<body>`, in `<div>`, `<main>`, `<section>`, `<article>`, `<li>`, "
    "`<td>` and the like, and in no `<p>`, `<a>`, `<span>`, heading or `<form>` around them"
)
_CLIENT_HELP: Final = f"close what the fallback opens. {_PLACE_HELP[0].upper()}{_PLACE_HELP[1:]}"


def _is_insert(piece: Piece) -> bool:
    return type(piece) is Mark or (type(piece) is Placed and bool(piece.slot.island))


def _misplaced(piece: Piece, what: str, help: str) -> Misfit:
    subject = f"island `{piece.island}`" if type(piece) is Mark else f"`{piece.slot.source}`"  # type: ignore[union-attr]
    return Misfit("EK310", Spot(piece.location), f"{subject}: {what}", help)


def _written(piece: Piece, number: int, word: str) -> str:
    if type(piece) is Text:
        return str(piece.text)
    return _probe(number, word) if _is_insert(piece) else "x"


def _probe(number: int, word: str) -> str:
    return f'<!--{word}{number}--><i class="{word}{number}"></i>{_WITNESS}<!--/{word}{number}-->'


def _readings(text: str) -> list[str]:
    """As browsers read it without scripting, and with: then the content of `<noscript>` is raw text."""
    return [text, _NOSCRIPT.sub(r"<\1noembed", text)] if "noscript" in text.lower() else [text]


def _judge(probe: LexborNode | None, number: int, word: str) -> str | None:
    """Why no island may stand where the probe came out; None if one may."""
    if probe is None:
        return "it stands where a parser keeps no elements"
    node = probe.parent
    while node is not None and node.tag != "-document":
        if node.tag not in _CONTAINERS:
            return f"it stands inside `<{node.tag}>`"
        node = node.parent
    if probe.parent is not None and probe.parent.tag in _LISTS:
        return f"it stands inside `<{probe.parent.tag}>`, which holds only its own parts"
    node = probe.prev
    whole = [] if node is None or node.comment_content != f"{word}{number}" else ["<!--"]
    node = probe.next
    while whole and node is not None and not (node.is_comment_node and node.comment_content == f"/{word}{number}"):
        whole.append(node.html or "")
        node = node.next
    if node is None or "".join(whole[1:]) != _WITNESS:
        return "it stands where a parser would move or drop what an island may hold"
    return None


def _find_unfilled(tree: LexborHTMLParser, count: int) -> int | None:
    """The number of the first client island whose script would not find it, or that stands where none may."""
    elements = tree.css(ELEMENT)
    for number, element in enumerate(elements):
        script = element.next
        node = element.parent
        while node is not None and node.tag in _CONTAINERS:
            node = node.parent
        if script is None or script.html != SCRIPT or (node is not None and node.tag != "-document"):
            return number
    return None if len(elements) == count else 0


# --- whether an island is whole ---

_OF_DOCUMENT: Final = re.compile(r"<(?:!doctype|/?(?:html|head|body|frameset)(?=[\s/>]))", re.IGNORECASE | re.ASCII)

_BEHIND: Final = "x<i></i><form></form>"
"""Text, which foreign content left open takes in, as formatting does `<i>`; a form left open drops the next one."""


def _surround(head: str, nest: Sequence[str]) -> tuple[str, str, tuple[str, str]]:
    """What stands before and behind an island, as it is written and as it is read."""
    before = head + "".join(f"<{name}>" for name in nest)
    after = _BEHIND + "".join(f"</{name}>" for name in reversed(nest))
    start, _, end = (LexborHTMLParser(f"{before}<!---->{after}").html or "").partition("<!---->")
    assert end.startswith(after), end
    return before, after, (start, end)


_SURROUNDINGS: Final = tuple(_surround(head, nest) for head, nest in _NESTS)


def _read_inside(before: str, after: str, expected: tuple[str, str], text: str) -> str | None:
    """The island as it is read there; None if the surroundings are not as they were."""
    html = LexborHTMLParser(before + text + after).html or ""
    start, end = expected
    if not html.startswith(start) or not html.endswith(end) or len(html) < len(start) + len(end):
        return None
    return html[len(start) : len(html) - len(end)]


def _is_disputed(text: str) -> bool:
    return any(node.tag not in ("option", "optgroup", "hr") for node in LexborHTMLParser(text).css("select *"))


_VOID: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "image",
    ]  # HTML standard, 13.1.2
)
_PARTS: Final = {
    "li": "ul", "dd": "dl", "dt": "dl", "tr": "table", "td": "table", "th": "table", "tbody": "table",
    "thead": "table", "tfoot": "table", "caption": "table", "col": "table", "colgroup": "table",
}  # fmt: skip


class _Tags(HTMLParser):
    """Finds what is most likely wrong with an island, to say it: nothing is decided by it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, tuple[int, int]]] = []
        self.fault: tuple[tuple[int, int], str, str] | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _PARTS and not any(name in (_PARTS[tag], "ol", "menu") for name, _ in self.open):
            whole = f"`<{_PARTS[tag]}>`"
            help = f"put the whole {whole} into the island; for a list of items use `<div>` with `role`"
            self._note(f"`<{tag}>` stands in no {whole}", help)
        if tag not in _VOID:
            self.open.append((tag, self.getpos()))

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self.open]
        if tag not in names:
            self._note(f"`</{tag}>` closes nothing", "leave it out, or open the element")
        elif names[-1] != tag:
            self._note(f"`</{tag}>` stands before the end of `<{names[-1]}>`", "close elements in the order they open")
            del self.open[len(names) - 1 - names[::-1].index(tag) :]
        else:
            self.open.pop()

    def _note(self, what: str, help: str) -> None:
        self.fault = self.fault or (self.getpos(), what, help)


def _explain(text: str) -> tuple[int, str, str]:
    """Where an island that is not whole most likely goes wrong, how, and the way out."""
    tags = _Tags()
    tags.feed(text)
    place = (1, 0)
    what = "pages would read it, or what follows it, in another way than it is read here"
    help = "let it close all that it opens, in order, and nothing else; no `<table>` stands in a `<p>`"
    if tags.fault is not None:
        place, what, help = tags.fault
    elif tags.open:
        name, place = tags.open[-1]
        what, help = f"`<{name}>` is not closed", f"close it: `</{name}>`"
    elif tags.rawdata:
        place, what = tags.getpos(), "a tag or comment is not closed"
    line, column = place
    return sum(len(part) for part in text.split("\n")[: line - 1]) + line - 1 + column, what, help


# --- lines ---


def _find(pieces: Sequence[Piece], words: str, number: int) -> Spot:
    """The `number`th occurrence of `words`, whatever its case; the first if there are not so many."""
    starts = [match.start() for match in re.finditer(re.escape(words), _fill(pieces, "\0").lower())]
    return find_spot(pieces, starts[number if number < len(starts) else 0])


def find_spot(pieces: Sequence[Piece], at: int) -> Spot:
    """The character `at` of the text; a slot or mark counts as one."""
    for piece in pieces:
        size = len(piece.text) if type(piece) is Text else 1
        if at < size:
            return Spot(piece.location, str(piece.text), at) if type(piece) is Text else Spot(piece.location)
        at -= size
    return Spot(pieces[-1].location if pieces else None)
