"""What is wrong with a site, and the code, place and message that say so: a table, one fault a row."""

from pathlib import Path
from typing import NamedTuple

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.project.load import load_site
from tests.project.folder import CONFIG, write_site

NAME = '[slots.NAME]\nfrom = "user.name"\ndefault = "there"\nmax_length = 40\n'
EACH = '[pages."p/[sku].html"]\neach = "data.products"\n'
SKU = {"pages/p/[sku].html": ""}


class Fault(NamedTuple):
    """`files` over the faultless site give one diagnostic: `code`, `place` (file and line), `message`."""

    files: dict[str, str | bytes | None]
    code: str
    place: str
    message: str


def config(text: str, *said: str, **files: str) -> Fault:
    """A fault of edgekit.toml, whose first three lines are `[site]`."""
    code, place, message = said
    return Fault({"edgekit.toml": CONFIG + text, **files}, code, place, message)


def without(key: str) -> str:
    return "".join(line for line in NAME.splitlines(keepends=True) if not line.startswith(key))


FAULTS = {
    # edgekit.toml as a file
    "config that is no TOML": Fault({"edgekit.toml": "[site\n"}, "EK106", "edgekit.toml:1", "expected ']'"),
    "config that ends too early": Fault({"edgekit.toml": CONFIG + 'x = "'}, "EK106", "edgekit.toml:4", "terminated"),
    "config with one key twice": config(
        "[kv.ttl]\nuser = 1\nuser = 2\n", "EK106", "edgekit.toml:6", "its key stands twice"
    ),
    "config that is not UTF-8": Fault({"edgekit.toml": b"[site]\n\xff"}, "EK103", "edgekit.toml:2", "is not UTF-8"),
    "config with a huge integer": config(f"[kv.ttl]\nuser = {'9' * 5000}\n", "EK106", "edgekit.toml", "is no TOML"),
    "config that is nested deeply": config(f"x = {'[' * 9000}", "EK106", "edgekit.toml", "nested too deeply"),
    # keys and kinds
    "unknown table": config("[slot.NAME]\n", "EK110", "edgekit.toml:4", "unknown key `slot`; did you mean `slots`?"),
    "unknown key of site": Fault(
        {"edgekit.toml": CONFIG + 'titel = "x"\n'}, "EK110", "edgekit.toml:4", "unknown key `site.titel`"
    ),
    "unknown key of a slot": config(NAME + 'kind = "x"\n', "EK110", "edgekit.toml:8", "unknown key `slots.NAME.kind`"),
    "unknown key of a page": config(
        '[pages."index.html"]\ndelivry = "user"\n',
        "EK110",
        "edgekit.toml:5",
        'unknown key `pages."index.html".delivry`; did you mean `delivery`?',
    ),
    "unknown key in an inline table": config(
        "[kv]\nttl = {users = 1}\n", "EK110", "edgekit.toml:5", "unknown key `kv.ttl.users`; did you mean `user`?"
    ),
    "unknown key at the top": Fault(
        {"edgekit.toml": "debug = true\n" + CONFIG}, "EK110", "edgekit.toml:1", "unknown key `debug`"
    ),
    "a table that is a value": config("[build]\n[kv]\nttl = 3\n", "EK111", "edgekit.toml:6", "expected a table"),
    "a slot that is a value": config("[slots]\nNAME = 3\n", "EK111", "edgekit.toml:5", "`slots.NAME` is wrong"),
    "no base_url": Fault(
        {"edgekit.toml": '[site]\ndefault_tier = "free"\n'}, "EK112", "edgekit.toml:1", "`site.base_url` is missing"
    ),
    "no default_tier": Fault(
        {"edgekit.toml": '[site]\nbase_url = "https://x.example"\n'}, "EK112", "edgekit.toml:1", "`site.default_tier`"
    ),
    "base_url of the wrong kind": Fault(
        {"edgekit.toml": CONFIG.replace('"https://shop.example"', "3")},
        "EK111",
        "edgekit.toml:2",
        "expected `string`, got `integer`",
    ),
    "base_url that is empty": Fault(
        {"edgekit.toml": CONFIG.replace("https://shop.example", "")}, "EK111", "edgekit.toml:2", "length >= 1"
    ),
    **{
        f"base_url {url}": Fault(
            {"edgekit.toml": CONFIG.replace("https://shop.example", url)}, "EK113", "edgekit.toml:2", f"`{url}` is not"
        )
        for url in (
            "shop.example",
            "https://shop.example/",
            "https://shop.example/shop",
            "ftp://shop.example",
            "https://user@shop.example",
            "https://",
            "https://shop.example:x",
            "https://shop.example?a",
            "https://[::1",
        )
    },
    "a misspelt choice of a key": config(
        '[pages."index.html"]\ndelivery = "statik"\n', "EK111", "edgekit.toml:5", "did you mean `static`?"
    ),
    "a misspelt extension": config(
        '[jinja]\nextensions = ["loopcontrol"]\n', "EK111", "edgekit.toml:5", "did you mean `loopcontrols`?"
    ),
    "store of the wrong kind": config("[build]\nstore = 1\n", "EK111", "edgekit.toml:5", "expected `string`, got"),
    "ttl below zero": config("[kv.ttl]\nuser = -1\n", "EK113", "edgekit.toml:5", "`kv.ttl.user` is `-1` seconds"),
    "ttl without end": config("[kv.ttl]\nsegment = 999999999999\n", "EK113", "edgekit.toml:5", "seconds"),
    "ttl that is no integer": config("[kv.ttl]\nuser = 1.5\n", "EK111", "edgekit.toml:5", "got `float`"),
    "a budget of nothing": config("[budget]\ncpu_ms = 0\n", "EK111", "edgekit.toml:5", "expected `integer` >= 1"),
    "a page size that no store takes": config("[budget]\npage_kib = 25601\n", "EK111", "edgekit.toml:5", "<= 25600"),
    "a flag that is a word": config('[jinja]\ntrim_blocks = "yes"\n', "EK111", "edgekit.toml:5", "`boolean`"),
    "a template folder that is not there": config(
        '[jinja]\npaths = ["../theme"]\n', "EK113", "edgekit.toml:5", "the template folder `../theme` does not exist"
    ),
    "another identity mode": config('[identity]\nmode = "basic"\n', "EK111", "edgekit.toml:5", "`identity.mode`"),
    "an identity header that is none": config('[identity]\nheader = "x y"\n', "EK113", "edgekit.toml:5", "`x y` is no"),
    "a proxy that is no network": config(
        '[identity]\ntrusted_proxies = ["10.0.0.1/8"]\n', "EK113", "edgekit.toml:5", "`10.0.0.1/8` is no network"
    ),
    # tiers
    "no tiers": Fault(
        {"segments/free.toml": None, "segments/vip.toml": None}, "EK121", "segments", "the site has no tiers"
    ),
    "a default tier without a file": Fault(
        {"edgekit.toml": CONFIG.replace('"free"', '"fre"')},
        "EK121",
        "edgekit.toml:3",
        "the default tier `fre` has no file; did you mean `free`?",
    ),
    "a tier in capitals": Fault({"segments/Gold.toml": ""}, "EK120", "segments/Gold.toml", "`Gold` is no name"),
    "a tier that is no TOML": Fault({"segments/free.toml": "a = \n"}, "EK106", "segments/free.toml:1", "is no TOML"),
    "a date in a tier": Fault(
        {"segments/free.toml": "a = 1\n[b]\nc = 2026-01-02\n"}, "EK122", "segments/free.toml:3", "`b.c` of tier `free`"
    ),
    "infinity in a tier": Fault({"segments/free.toml": "a = [inf]\n"}, "EK122", "segments/free.toml:1", "is `inf`"),
    "nan in a tier": Fault({"segments/free.toml": "a = nan\n"}, "EK122", "segments/free.toml:1", "is `nan`"),
    "an integer that JavaScript loses": Fault(
        {"segments/free.toml": "a = 9007199254740992\n"}, "EK122", "segments/free.toml:1", "loses digits"
    ),
    "a tier that is nested deeply": Fault(
        {"segments/free.toml": f"{'.'.join('a' * 2000)} = 1\n"}, "EK122", "segments/free.toml", "nested too deeply"
    ),
    # slots
    "a slot in small letters": config(
        NAME.replace("NAME", "name"), "EK130", "edgekit.toml:4", "`name` is no name of a slot"
    ),
    "a slot that begins with a digit": config(
        NAME.replace("NAME", "2ND"), "EK130", "edgekit.toml:4", "`2ND` is no name of a slot"
    ),
    "a slot without a source": config(without("from"), "EK112", "edgekit.toml:4", "where its value comes from"),
    "a slot without a default": config(without("default"), "EK112", "edgekit.toml:4", "has no `default`"),
    "a slot without a length": config(without("max_length"), "EK112", "edgekit.toml:4", "has no `max_length`"),
    "a slot of a later type": config(
        NAME + 'type = "float"\n', "EK111", "edgekit.toml:8", "`slots.NAME.type` is wrong"
    ),
    **{
        f"choices that {what}": config(
            f'[slots.NAME]\nfrom = "user.name"\ndefault = "a"\nchoices = {choices}\n', code, "edgekit.toml:7", said
        )
        for what, choices, code, said in (
            ("are no list", '"a"', "EK111", "`slots.NAME.choices` is wrong: expected `array`"),
            ("are no strings", '["a", 1]', "EK111", "expected `string`, got `integer` in item `[1]`"),
            ("are none", "[]", "EK136", "`choices` of slot `NAME` are an empty list"),
            ("repeat themselves", '["a", "b", "a"]', "EK136", "hold `a` twice"),
            ("are too long", f'["a", "{"é" * 128}e"]', "EK136", "more than 256 bytes"),
        )
    },
    "choices and a length": config(
        NAME + 'choices = ["there"]\n', "EK133", "edgekit.toml:7", "has `choices`, so `max_length` means nothing"
    ),
    "choices of an integer": config(
        '[slots.N]\nfrom = "user.n"\ntype = "integer"\ndefault = 1\nchoices = ["1"]\n',
        "EK136",
        "edgekit.toml:8",
        "are strings, but the slot is an integer",
    ),
    "choices without a default": config(
        '[slots.NAME]\nfrom = "user.name"\nchoices = ["a"]\n', "EK112", "edgekit.toml:4", "has no `default`"
    ),
    "a default that is none of the choices": config(
        without("max_length") + 'choices = ["a", "b"]\n', "EK134", "edgekit.toml:6", "is not one of `a`, `b`"
    ),
    "a misspelt default of choices": config(
        without("max_length") + 'choices = ["three", "four"]\n', "EK134", "edgekit.toml:6", "; did you mean `three`?"
    ),
    "a misspelt choice of a tier": config(
        '[slots.HERO]\nfrom = "segment.hero"\nchoices = ["spring.jpg", "golden.jpg"]\n',
        "EK135",
        "segments/vip.toml:1",
        "but slot `HERO` prints it; did you mean `golden.jpg`?",
    ),
    "a live field that is none of its choices": config(
        '[slots.HERO]\nfrom = "segment.hero"\nchoices = ["spring.jpg", "summer.jpg"]\n',
        "EK135",
        "segments/vip.toml:1",
        "`hero` of tier `vip` is not one of `spring.jpg`, `summer.jpg`",
    ),
    **{
        f"a slot of user.known with {line}": config(
            f'[slots.KNOWN]\nfrom = "user.known"\n{line}\n', "EK136", "edgekit.toml:6", said
        )
        for line, said in {
            'default = "true"': "so `default` means nothing",
            "max_length = 5": "so `max_length` means nothing",
            'type = "string"': "so `type` means nothing",
            'choices = ["yes", "no"]': "are not those of `user.known`",
            'choices = ["true"]': "are not those of `user.known`",
            'choices = ["true", "false", "true"]': "are not those of `user.known`",
        }.items()
    },
    "a default that is too long": config(
        NAME.replace("40", "4"), "EK134", "edgekit.toml:6", "is not a string of at most 4 code points"
    ),
    "a default of another kind": config(
        NAME.replace('"there"', "true"), "EK134", "edgekit.toml:6", "is not a string of at most 40"
    ),
    "a length of nothing": config(
        NAME.replace("40", "0").replace("there", ""), "EK133", "edgekit.toml:7", "`max_length` of slot `NAME` is `0`"
    ),
    "a length without end": config(NAME.replace("40", "16385"), "EK133", "edgekit.toml:7", "is `16385`"),
    "a length that is a word": config(NAME.replace("40", '"40"'), "EK111", "edgekit.toml:7", "`slots.NAME.max_length`"),
    "an integer with a length": config(
        NAME.replace('"there"', "0") + 'type = "integer"\n', "EK133", "edgekit.toml:7", "`max_length` means nothing"
    ),
    **{
        f"an integer whose default is {default}": config(
            f'[slots.N]\nfrom = "user.n"\ntype = "integer"\ndefault = {default}\n',
            "EK134",
            "edgekit.toml:7",
            "is not an integer",
        )
        for default in ("1.5", "true", '"1"', "9007199254740992", "nan")
    },
    **{
        f"a slot that reads {source}": config(
            NAME.replace("user.name", source), "EK131", "edgekit.toml:5", f"slot `NAME` reads `{source}`"
        )
        for source in (
            "user",
            "user.",
            "user.tier",
            "user._secret",
            "user.a.b",
            "usr.name",
            "tier",
            "request",
            "request.method",
            "request.query",
            "request.query.",
            "request.header.X-City",
            "request.header.a b",
            "request.cookie.a;b",
            "request.path.x",
            "page.path",
        )
    },
    "two slots of one source": config(
        NAME + NAME.replace("NAME", "OTHER"), "EK132", "edgekit.toml:9", "`NAME` and `OTHER` both read `user.name`"
    ),
    "a live field with a default": config(
        NAME.replace("user.name", "segment.hero"), "EK134", "edgekit.toml:6", "its default is each tier's own `hero`"
    ),
    "a live field that a tier lacks": config(
        without("default").replace("user.name", "segment.hero"),
        "EK135",
        "segments/vip.toml",
        "tier `vip` has no `hero`, which slot `NAME` prints; did you mean `heros`?",
        **{"segments/vip.toml": 'heros = "x"\n'},
    ),
    "a live field of another kind": config(
        '[slots.N]\nfrom = "segment.hero"\ntype = "integer"\n',
        "EK135",
        "segments/vip.toml:2",
        "`hero` of tier `vip` is not an integer",
        **{"segments/free.toml": "hero = 3.0\n", "segments/vip.toml": '\nhero = "x"\n'},
    ),
    "a live field that is too long": config(
        without("default").replace("user.name", "segment.hero").replace("40", "9"),
        "EK135",
        "segments/free.toml:1",
        "is not a string of at most 9 code points",
    ),
    # data
    "two data files of one name": Fault({"data/products.csv": "a\n"}, "EK140", "data/products.json", "are both"),
    "data that no template can read": Fault({"data/items.json": "[]"}, "EK141", "data/items.json", "`data.items`"),
    "data that is no JSON": Fault({"data/x.json": '{\n"a": tru}'}, "EK107", "data/x.json:2", "`x.json` is no JSON"),
    "JSON with NaN": Fault({"data/x.json": "[NaN]"}, "EK107", "data/x.json:1", "is no JSON"),
    "JSON with a float too large": Fault({"data/x.json": "[1e999]"}, "EK107", "data/x.json", "out of range"),
    "JSON with half a character": Fault({"data/x.json": r'["\ud800"]'}, "EK107", "data/x.json:1", "is no JSON"),
    "JSON of nothing": Fault({"data/x.json": "null"}, "EK107", "data/x.json", "holds only `null`"),
    "JSON that is empty": Fault({"data/x.json": ""}, "EK107", "data/x.json:1", "is no JSON"),
    "JSON nested deeply": Fault({"data/x.json": "[" * 300 + "]" * 300}, "EK107", "data/x.json", "nested too deeply"),
    "JSON nested beyond the parser": Fault({"data/x.json": "[" * 99999}, "EK107", "data/x.json", "nested too deeply"),
    "data that is no TOML": Fault({"data/x.toml": "\n="}, "EK106", "data/x.toml:2", "is no TOML"),
    "TOML data nested deeply": Fault(
        {"data/x.toml": f"{'.'.join('a' * 2000)} = 1"}, "EK107", "data/x.toml", "nested too deeply"
    ),
    "data that is not UTF-8": Fault({"data/x.csv": b"a\n\xe4\n"}, "EK103", "data/x.csv:2", "is not UTF-8"),
    "CSV without a header": Fault({"data/x.csv": ""}, "EK107", "data/x.csv:1", "must name every column"),
    "CSV with a nameless column": Fault({"data/x.csv": "a,,b\n"}, "EK107", "data/x.csv:1", "must name every column"),
    "CSV with one column twice": Fault({"data/x.csv": "a,a\n"}, "EK107", "data/x.csv:1", "each name once"),
    "CSV with a short row": Fault({"data/x.csv": "a,b\n1,2\n3\n"}, "EK107", "data/x.csv:3", "has 1 cell,"),
    "CSV with a long row": Fault({"data/x.csv": "a\n1,2\n"}, "EK107", "data/x.csv:2", "has 2 cells"),
    "CSV with an open quote": Fault({"data/x.csv": 'a\n"1\n'}, "EK107", "data/x.csv:2", "is no table"),
    "CSV with a huge cell": Fault({"data/x.csv": f"a\n{'x' * 200_000}\n"}, "EK107", "data/x.csv:2", "field limit"),
    # pages
    "no pages": Fault({"pages/index.html": None}, "EK108", "pages", "the site has no pages"),
    "options for a page that is not there": config(
        '[pages."indx.html"]\ndelivery = "user"\n',
        "EK142",
        "edgekit.toml:4",
        "there is no page `pages/indx.html`; did you mean `index.html`?",
    ),
    "a delivery that is none": config(
        '[pages."index.html"]\ndelivery = "public"\n', "EK111", "edgekit.toml:5", "delivery` is wrong"
    ),
    "each for a page without a parameter": config(
        EACH.replace("p/[sku]", "index"), "EK143", "edgekit.toml:5", "`pages/index.html` has no `[parameter]`"
    ),
    "a parameter without each": Fault(SKU, "EK143", "edgekit.toml", "nothing says for which values"),
    "a parameter with options but without each": Fault(
        {"edgekit.toml": CONFIG + EACH.partition("\n")[0], **SKU}, "EK143", "edgekit.toml:4", "nothing says"
    ),
    **{
        f"each that is {each}": Fault(
            {"edgekit.toml": CONFIG + EACH.replace("data.products", each), **SKU}, "EK143", "edgekit.toml:5", said
        )
        for each, said in {
            "data.product": "names no data; did you mean `products`?",
            "products": "does not begin with `data.`; did you mean `data.products`?",
            "data": "does not begin with `data.`",
            "data.products.sku": "names no data",
            "data.products.0": "names no data",
        }.items()
    },
    "each that is a list of strings": Fault(
        {"edgekit.toml": CONFIG + EACH, "data/products.json": '["p-1"]', **SKU},
        "EK143",
        "edgekit.toml:5",
        "is no list of tables",
    ),
    "an item that lacks the field": Fault(
        {"edgekit.toml": CONFIG + EACH, "data/products.json": '[{"sku": "a"}, {"skus": "b"}, {}]', **SKU},
        "EK144",
        "edgekit.toml:5",
        "item 2 of `data.products` has no `sku`; did you mean `skus`?",
    ),
    **{
        f"an item whose field is {value}": Fault(
            {"edgekit.toml": CONFIG + EACH, "data/products.json": f'[{{"sku": {value}}}]', **SKU},
            "EK144",
            "edgekit.toml:5",
            said,
        )
        for value, said in {
            "true": "neither a string nor an integer",
            "1.5": "neither a string nor an integer",
            "null": "neither a string nor an integer",
            '""': "it is empty",
            '".."': "`.` and `..` are no names",
            '"a/b"': "it contains a `/`",
            '"index"': "redirected",
            '"a.html"': "redirected",
            r'"a\n"': "a control character",
        }.items()
    },
    **{
        f"an item called {name}": Fault(
            {"edgekit.toml": f'{CONFIG}{EACH}as = "{name}"\n', **SKU}, "EK145", "edgekit.toml:6", f"called `{name}`"
        )
        for name in ("user", "loop", "my item", "_x", "2x")
    },
    "a parameter that is half a segment": Fault({"pages/p-[x].html": ""}, "EK401", "pages/p-[x].html", "whole segment"),
    "a parameter without a name": Fault({"pages/[].html": ""}, "EK401", "pages/[].html", "whole segment"),
    "a page that is called .html twice": Fault({"pages/a.html.html": ""}, "EK401", "pages/a.html.html", "redirected"),
    "a folder that is called index": Fault({"pages/index/a.html": ""}, "EK401", "pages/index/a.html", "redirected"),
    "a page with a control character": Fault({"pages/a\tb.html": ""}, "EK401", "pages/a\tb.html", "control character"),
    "a page under /static/": Fault({"pages/static/a.html": ""}, "EK401", "pages/static/a.html", "edgekit's own"),
    "a page under /_edgekit/": Fault({"pages/_edgekit/a.html": ""}, "EK401", "pages/_edgekit/a.html", "edgekit's own"),
    "a path longer than a key": Fault(
        {f"pages/{'a' * 200}/{'b' * 200}/{'c' * 110}.html": ""},
        "EK401",
        f"pages/{'a' * 200}/{'b' * 200}/{'c' * 110}.html",
        "longer than a store's key",
    ),
    "two files of one path": Fault(
        {"pages/a.html": "", "pages/a/index.html": ""},
        "EK402",
        "pages/a/index.html",
        "`pages/a.html` and `pages/a/index.html` both make `/a`",
    ),
    "two items of one path": Fault(
        {"edgekit.toml": CONFIG + EACH, "data/products.json": '[{"sku": 1}, {"sku": "1"}]', **SKU},
        "EK402",
        "pages/p/[sku].html",
        "makes `/p/1` for two items",
    ),
    "an item at the path of a page": Fault(
        {"edgekit.toml": CONFIG + EACH, "pages/p/p-1.html": "", **SKU},
        "EK402",
        "pages/p/p-1.html",
        "both make `/p/p-1`",
    ),
    "an asset whose URL is too long": Fault(
        {f"static/{'a' * 250}/{'b' * 250}": ""}, "EK104", f"static/{'a' * 250}/{'b' * 250}", "more than 511 bytes"
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_reported_with_its_place(tmp_path: Path, fault: Fault) -> None:
    site = write_site(tmp_path / "site", fault.files)
    with pytest.raises(EdgekitError) as raised:
        load_site(site)
    (found,) = raised.value.diagnostics
    assert found.file is not None
    place = Path(found.file).relative_to(site).as_posix() + (f":{found.line}" if found.line else "")
    assert (found.code, place) == (fault.code, fault.place)
    assert fault.message in found.message
    assert found.help
    assert raised.value.status == (2 if fault.code < "EK2" else 1)
