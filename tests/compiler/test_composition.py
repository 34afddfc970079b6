"""A page and its islands, parsed apart, are what they are when they are put together; what is not is refused."""

from collections import Counter
from random import Random

import pytest
from selectolax.lexbor import LexborHTMLParser

from edgekit.compiler.composition import _BLOCKS, check_places
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.trace import Text
from edgekit.compiler.wholeness import check_island
from edgekit.model.slot import Slot
from tests.scale import scaled

HERE = ("pages/index.html", 1)
MARK = "<!--INJECT:x-->"
BODY = "<!doctype html><title>t</title><body>"

PLACES = [
    "@", "x@", "<p>x</p>@", "<div>@</div>", "<main><section>@", "<ul><li>@</ul>", "<ol><li>x@<li>y</ol>",
    "<dl><dt>@<dd>@</dl>", "<table><tr><td>@</table>", "<table><tbody><tr><td>x<td><div>@</div></table>",
    "<details><summary>s</summary>@</details>", "<b>x</b>@", "<a href=/>x</a>@<a href=/>y</a>", "<form></form>@",
    "<select><option>x</select>@", "&amp;@", "&lt;@", "R & D @", "<!-- c -->@", "<script>let a = '<'</script>@",
    "<svg></svg>@", "<noscript><p>x</p></noscript>@", "<figure>@<figcaption>@", "<dialog open>@</dialog>",
    "@<p>probe probee</p>",
]  # fmt: skip

NO_PLACES = [
    "<p>@", "<h1>@</h1>", "<a href=/>@</a>", "<a href=/><div>@</div></a>", "<span>@</span>", "<b>@</b>",
    "<p><b>x</p>@", "<em><div>@</div></em>", "<form>@</form>", "<form><div>@</div></form>",
    "<table><form><tr><td>@</table>", "<form><div></form>@</div>", "<button>@</button>", "<label>@</label>",
    "<table>@</table>", "<table><tr>@</table>", "<table><tr><th>@</table>", "<table><caption>@</table>",
    "<table><div>@</div></table>", "<table><thead><tr><td>@</table>", "<ul>@</ul>", "<ul><li>x</li>@</ul>",
    "<dl>@</dl>", "<select>@</select>", "<select><option>@</select>", "<datalist>@</datalist>",
    "<textarea>@</textarea>", "<script>@</script>", "<style>@</style>", "<template>@</template>",
    "<noscript>@</noscript>", "<iframe>@</iframe>", "<object>@</object>", "<video>@</video>", "<svg>@</svg>",
    "<svg><foreignObject>@</svg>", "<svg><desc>@</svg>", "<math><mi>@</math>", "<ruby>@</ruby>", "<pre>@</pre>",
    "<address>@</address>", "<center>@</center>", "<my-card>@</my-card>", "<!-- @ -->", "<p title=@>",
    "<p title='@'>", "<p @>", "<@", "</@", "<!@", "<?@", "x <@", "R&@", "R&copy@", "R&#@", "R&#x1@", "</body>@",
    "</html>@", "<div></body>@", "<plaintext>@", "<frameset>@", "<!--@", "<nobr>@</nobr>", "<marquee>@</marquee>",
    "<summary>@</summary>", "<legend>@</legend>", "<object><div>@</div></object>", "@<frameset>",
    "<noscript></noembed>@</noscript>",
]  # fmt: skip

WHOLE = [
    "", " ", "x", "x & y", "&lt;", "<p>x</p>", "<h2>x</h2><p>y</p>", "<ul><li>x<li>y</ul>", "<dl><dt>x<dd>y</dl>",
    "<table><tr><td>x</table>", "<table></table>", "<form><input></form>", "<a href=/>x</a>", "<b>x</b>",
    "<b><i>x</i></b>", "<svg><path d=''/></svg>", "<math><mi>x</mi></math>", "<!-- x -->",
    "<select><option>x</select>", "<script>let a = 1 < 2</script>", "<style>p { color: red }</style>",
    "<template><td>x</td></template>", "<textarea><p></textarea>", "<br><hr><img alt=x>", "<input>",
    "<details><summary>x</summary>y</details>", "<noscript><p>x</p></noscript>", "<button>x</button>",
    "<pre>\nx</pre>", "<ruby>x<rt>y</ruby>", "<my-card>x</my-card>", "<iframe></iframe>", "<object><p>x</p></object>",
    "<label>x <input></label>", "<p title='shadowrootmode'>shadowrootmode</p>",
    "<p title='</div>'>x</p>", "<!-- </div> -->",
]  # fmt: skip

NOT_WHOLE = [
    "<p>x", "<div>", "<b>x", "<p><b>x</p>", "<a>", "<nobr>x", "<i>x", "<form>", "<div><form></div>", "<table>",
    "<table><tr><td>x", "<ul><li>x", "<svg>", "<math>", "<math><mi>x", "<script>", "<script><!--<script></script>",
    "<style>", "<textarea>", "<title>", "<template>", "<select>", "<button>", "<h1>", "<plaintext>", "<xmp>",
    "<iframe>", "<noembed>", "<noscript>", "<noscript><div></noscript>", "<noscript><!--</noscript>", "<!--",
    "<!-- x", "<!x", "<?x", "</", "<", "<a", "<p title='", "x <", "R&", "R&amp", "R&#", "R&#x1", "</div>",
    "</section>", "</li>", "</ul>", "</td>", "</tr>", "</table>", "</dd>", "</dt>", "</dl>", "</body>", "</html>",
    "</main>", "</edgekit-island>", "</menu>", "</fieldset>", "<li>x</li>", "<div><li>x</li></div>", "<dd>x</dd>",
    "<p><dt>x</dt></p>", "<td>x</td>", "<div><td>x</td></div>", "<tr><td>x</td></tr>", "<tbody></tbody>",
    "<caption>x</caption>", "<col>", "<html>", "<html class=x>", "<head></head>", "<body class=x>", "<frameset>",
    "<!doctype html>", "<noscript><noembed></noscript>", "<noscript><!--</noscript>", "<option>x", "<rt>x",
    "<p><table></table></p>", "<select><div>x</div></select>", "<div/>", "<marquee>", "<object>", "<div><![if x]>",
    "<div><![x[", "<template shadowrootmode=open></template>", "<p><TEMPLATE ShadowRootMode=x>x</template></p>",
]  # fmt: skip


def split(page: str) -> list[Text | Placed | Mark]:
    """The page with a mark for each `@`."""
    first, *others = page.split("@")
    return [Text(first, HERE), *(piece for text in others for piece in (Mark("x", HERE), Text(text, HERE)))]


@pytest.mark.parametrize("place", PLACES)
def test_island_may_stand_in_flow_content(place: str) -> None:
    assert check_places(split(BODY + place), island=False) == []


@pytest.mark.parametrize("place", NO_PLACES)
def test_island_may_not_stand_elsewhere(place: str) -> None:
    (misfit,) = check_places(split(BODY + place), island=False)
    assert misfit.code == "EK310"


@pytest.mark.parametrize(
    "page",
    [
        "@",
        "\ufeff<head>@</head><body>",
        "@<p>x",
        "<title>t</title>@",
        "<head>@</head><body>",
        "<html>@<body>",
        "<!doctype html>@",
    ],
)
def test_island_may_not_stand_before_the_body(page: str) -> None:
    assert [misfit.code for misfit in check_places(split(page), island=False)] == ["EK310"]


def test_list_slot_has_the_places_of_an_island() -> None:
    slot = Slot(name="RECS", source="user.recs", island="card", max_items=1, default="none")
    for before, count in ((BODY, 0), (f"{BODY}<p>", 1)):
        pieces = [Text(before, HERE), Placed(slot, "", HERE)]
        assert len(check_places(pieces, island=False)) == count


def test_list_slot_of_an_island_stands_where_the_island_may() -> None:
    assert check_places(split("@"), island=True) == []
    assert len(check_places(split("<p>@</p>"), island=True)) == 1


@pytest.mark.parametrize("island", WHOLE)
def test_whole_island_is_accepted(island: str) -> None:
    assert check_island([Text(island, HERE)]) == []


@pytest.mark.parametrize("island", NOT_WHOLE)
def test_island_that_is_not_whole_is_refused(island: str) -> None:
    (misfit,) = check_island([Text(island, HERE)])
    assert misfit.code == "EK312"
    assert misfit.spot.location == HERE


@pytest.mark.parametrize("parts", [("x<", "/div>"), ("<p>", "</", "p>"), ("<!-", "- x"), ("R&a", "mp", ";")])
def test_island_is_judged_as_one_text(parts: tuple[str, ...]) -> None:
    apart, whole = check_island([Text(part, HERE) for part in parts]), check_island([Text("".join(parts), HERE)])
    assert [misfit.what for misfit in apart] == [misfit.what for misfit in whole]


# --- the whole truth: put together, they are what they were apart ---

NAMES = [
    *_BLOCKS, "p", "a", "b", "i", "nobr", "span", "li", "ul", "ol", "dl", "dd", "dt", "table", "tr", "td", "tbody",
    "th", "caption", "form", "button", "select", "option", "optgroup", "svg", "math", "title", "style", "script",
    "textarea", "template", "h1", "ruby", "rt", "pre", "noscript", "summary", "marquee", "object", "iframe", "xmp",
    "plaintext", "frameset", "body", "html", "head", "input", "br", "menu", "edgekit-island", "foreignObject", "mi",
    "desc", "address",
]  # fmt: skip
JUNK = [
    "x",
    " ",
    "\n",
    "<",
    "&",
    "&am",
    "p;",
    "&lt;",
    "<!--",
    "-->",
    "<!x",
    "</",
    "<![CDATA[",
    "]]>",
    '<div title="',
    '">',
    "\0",
    "b>",
    "<!doctype html>",
]
HEADS = [BODY, "<body>", "<!doctype html><body class=x>", ""]
NESTS = [*_BLOCKS, "td", "li", "dd", "table", "tr", "ul", "dl", "p", "form"]


def make_token(random: Random) -> str:
    name = random.choice(NAMES)
    return random.choice([f"<{name}>", f"</{name}>", f"<{name}>", f"</{name}>", random.choice(JUNK)])


def make_tree(random: Random, depth: int = 0) -> str:
    if depth > 3 or random.random() < 0.3:
        return random.choice(["x", "", "&lt;", "<br>", "<!--y-->", make_token(random)])
    name = random.choice(NAMES)
    return f"<{name}>{''.join(make_tree(random, depth + 1) for _ in range(random.randrange(3)))}</{name}>"


def make_text(random: Random, share: float = 1) -> str:
    if random.random() > share:
        return ""
    make = random.choice([make_token, make_tree])
    return "".join(make(random) for _ in range(random.randrange(5)))


def read(page: str, scripting: bool) -> str:
    return LexborHTMLParser(page, scripting=scripting).html or ""


def test_put_together_they_are_what_they_were_apart() -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(scaled(4000)):
        random = Random(seed)
        island = make_text(random)
        nest = random.choices(NESTS, k=random.randrange(4))
        opened, closed = "".join(f"<{name}>" for name in nest), "".join(f"</{name}>" for name in reversed(nest))
        start = random.choice(HEADS) + make_text(random, 0.5) + opened + make_text(random, 0.4)
        rest = make_text(random, 0.4) + closed + make_text(random)
        whole = not check_island([Text(island, HERE)])
        placed = not check_places([Text(start, HERE), Mark("x", HERE), Text(rest, HERE)], island=False)
        outcomes.update(whole=whole, placed=placed, both=whole and placed)
        if whole and placed:
            for scripting in (False, True):
                alone = read(f"{BODY}<div>{island}</div>", scripting).partition("<div>")[2][
                    : -len("</div></body></html>")
                ]
                shell = read(start + MARK + rest, scripting)
                assert shell.count(MARK) == 1, (seed, start, island, rest)
                together = read(start + island + rest, scripting)
                assert together == shell.replace(MARK, alone), (seed, start, island, rest)
    assert min(outcomes["whole"], outcomes["placed"]) < 0.8 * scaled(4000)  # much is refused,
    assert outcomes["both"] >= 0.1 * scaled(4000), outcomes  # but not all
