"""Where the marks and list slots of a page may stand, so that it is what it was when replay has put islands in.

Decided by a WHATWG-conforming parser (lexbor): inside the containers of `NESTS` and nothing else, and where an island
of nearly every element comes out whole. `wholeness` is the other half: what an island may be.
"""

import re
from collections.abc import Sequence
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
NESTS: Final = (
    ("<!doctype html><body>", (*_BLOCKS, "table", "tbody", "tr", "td", "ul", "li", "ol", "li", "menu", "li")),
    ("<body>", (*_BLOCKS, "dl", "dt", "dl", "dd", ELEMENT)),
)
"""Documents, one of them in quirks mode, and elements inside each other, in which a mark may stand.

Each element is where an end tag of its own, or what implies one, would reach it from inside: a cell hides what is
around it from end tags, and `<li>` hides `<dd>`.
"""

_CONTAINERS: Final = frozenset({"html", "body", *(name for _, nest in NESTS for name in nest)})

_LISTS: Final = frozenset({"ul", "ol", "menu", "dl"})

AT_SEAM: Final = re.compile(r"(?:</?|&#?[0-9A-Za-z]*)\Z", re.ASCII)
"""The end of a text that the tokenizer would read together with what follows."""

SEAM_HELP: Final = "write `&lt;` or `&amp;` for the sign itself, or put a space behind it"


def check_places(pieces: Sequence[Piece], *, island: bool) -> list[Misfit]:
    """The marks, list slots and client islands of a page, or of an `island`, that stand where none may."""
    fetched = any(ELEMENT in piece.text for piece in pieces if type(piece) is Text)
    if not fetched and not any(map(_is_insert, pieces)):
        return []
    before: list[str] = []
    for piece in pieces:
        if type(piece) is Text:
            before.append(piece.text)
            continue
        if _is_insert(piece) and (seam := AT_SEAM.search("".join(before))):
            what = f"`{seam[0]}` stands before it, which may begin a tag or a character"
            return [_misplaced(piece, what, SEAM_HELP)]
        before.clear()
    word = "probe"
    text = fill_text(pieces, "").lower()
    while word in text:
        word += "e"
    page = "".join(_written(piece, number, word) for number, piece in enumerate(pieces))
    page = f"<!doctype html><body><div>{page}</div>" if island else page
    page = page.removeprefix("\ufeff")  # to a browser no part of the text (Encoding standard, 6)
    for scripting in list_readings(text):
        tree = LexborHTMLParser(page, scripting=scripting)
        found = {node.attributes["class"]: node for node in tree.css(f"[class^={word}]")}
        for number, piece in enumerate(pieces):
            if not _is_insert(piece):
                continue
            if "<frameset" in text:  # whether a browser reads one depends on what stands before it
                return [_misplaced(piece, "it stands on a page with `<frameset>`", "leave that out")]
            if fault := _judge(found.get(f"{word}{number}"), number, word):
                return [_misplaced(piece, fault, _PLACE_HELP)]
        if fetched and (at := _find_unfilled(tree, text.count(f"<{ELEMENT}"))) is not None:
            what = f"`<{ELEMENT}>` of a client island does not come out whole, or stands where no island may"
            return [Misfit("EK311", _find(pieces, f"<{ELEMENT}", at), what, _CLIENT_HELP)]
    return []


def find_script(pieces: Sequence[Piece]) -> Misfit | None:
    """A script that would run in a page, and not in an island that a script puts there (HTML 8.5.3); data may stay."""
    text = fill_text(pieces, "x")
    if "<script" not in text.lower():
        return None
    for number, script in enumerate(LexborHTMLParser(f"<!doctype html><body>{text}").css("script")):
        if "json" not in (script.attributes.get("type") or ""):
            what = "a page fetches the island, and a script that is fetched with it does not run"
            help = "put the script into the page, or place the island without `client`"
            return Misfit("EK608", _find(pieces, "<script", number), what, help)
    return None


def list_readings(text: str) -> tuple[bool, ...]:
    """Whether scripts run, in the browsers that read a text in lower case differently: for `<noscript>` it matters."""
    return (False, True) if "<noscript" in text else (False,)


def fill_text(pieces: Sequence[Piece], value: str) -> str:
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
    "`<td>` and the like, and in no `<p>`, `<a>`, `<span>`, heading or `<form>` around them, nor directly in a list"
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


def _judge(probe: LexborNode | None, number: int, word: str) -> str | None:
    """Why no island may stand where the probe came out; None if one may."""
    if probe is None:
        return "it stands where a parser keeps no elements"
    if around := _find_no_container(probe):
        return f"it stands inside `<{around}>`"
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
        if script is None or script.html != SCRIPT or _find_no_container(element):
            return number
    return None if len(elements) == count else 0


def _find_no_container(node: LexborNode) -> str | None:
    """The innermost element around a node in which no island may stand."""
    around = node.parent
    if around is not None and around.tag in _LISTS:
        return around.tag
    while around is not None and around.tag in _CONTAINERS:
        around = around.parent
    return None if around is None or around.tag == "-document" else around.tag


def _find(pieces: Sequence[Piece], words: str, number: int) -> Spot:
    """The `number`th occurrence of `words`, whatever its case; the first if there are not so many."""
    starts = [match.start() for match in re.finditer(re.escape(words), fill_text(pieces, "\0").lower())]
    return find_spot(pieces, starts[number if number < len(starts) else 0])


def find_spot(pieces: Sequence[Piece], at: int) -> Spot:
    """The character `at` of the text; a slot or mark counts as one."""
    for piece in pieces:
        size = len(piece.text) if type(piece) is Text else 1
        if at < size:
            return Spot(piece.location, str(piece.text), at) if type(piece) is Text else Spot(piece.location)
        at -= size
    return Spot(pieces[-1].location if pieces else None)
