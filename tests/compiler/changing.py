"""A site of twelve pages whose every part has alternatives: what a random walk edits, one part after the other.

A part is a file, or a section of `edgekit.toml`. Its first alternative is what it is at first; None is no file. It uses
all that a page can read: layouts, includes, imports, data, tiers, slots, islands, functions, assets, links, the clock.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

CLOCKS: Final = (
    datetime(2026, 1, 31, tzinfo=UTC),
    datetime(2026, 12, 24, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
)


def _products(*skus: str, **changes: Any) -> list[dict[str, Any]]:
    return [{"sku": sku, "title": f"Pot {sku}", "price": 10, "old": {"price": 12}, **changes} for sku in skus]


def _json(value: object) -> str:
    return json.dumps(value)


_SHOP: Final = {"name": "Pans", "open": {"days": [1, 2], "items": 3}, "kind": "one", "flag": True, "note": None}
_TIER: Final = "hero = {hero}\ndiscount = {discount}\nseason = {season}\n"


def _tier(hero: str = '"Hi"', discount: str = "5", season: str = '"summer"', more: str = "") -> str:
    return _TIER.format(hero=hero, discount=discount, season=season) + more


CONFIG: Final[Mapping[str, Sequence[str]]] = {
    "site": (
        '[site]\nbase_url = "https://shop.example"\ndefault_tier = "free"\n',
        '[site]\nbase_url = "https://shop.test"\ndefault_tier = "free"\n',
        '[site]\nbase_url = "https://shop.example"\ndefault_tier = "gold"\n',
    ),
    "pages": (
        '[pages."product/[sku].html"]\neach = "data.products"\nas = "product"\n',
        '[pages."product/[sku].html"]\neach = "data.products"\nas = "product"\ndelivery = "segment"\n',
        '[pages."product/[sku].html"]\neach = "data.products"\nas = "product"\n[pages."news.html"]\ndelivery = "static"\n',  # noqa: E501
    ),
    "name": (
        '[slots.NAME]\nfrom = "user.name"\ndefault = "you"\nmax_length = 40\n',
        '[slots.NAME]\nfrom = "user.name"\ndefault = "friend"\nmax_length = 40\n',
        '[slots.NAME]\nfrom = "user.name"\ndefault = "you"\nmax_length = 400\n',
        '[slots.WHO]\nfrom = "user.name"\ndefault = "you"\nmax_length = 40\n',
        "",
    ),
    "state": (
        '[slots.STATE]\nfrom = "user.state"\nchoices = ["guest", "member"]\ndefault = "guest"\n',
        '[slots.STATE]\nfrom = "user.state"\nchoices = ["member", "guest"]\ndefault = "guest"\n',
        '[slots.STATE]\nfrom = "user.state"\nchoices = ["guest", "member", "lost"]\ndefault = "guest"\n',
    ),
    "hero": (
        '[slots.HERO]\nfrom = "segment.hero"\nmax_length = 80\n',
        '[slots.HERO]\nfrom = "segment.hero"\nmax_length = 90\n',
        "",
    ),
    "discount": ("", '[slots.OFF]\nfrom = "segment.discount"\ntype = "integer"\n'),
    "season": ("", '[slots.SEASON]\nfrom = "segment.season"\nchoices = ["summer", "winter"]\n'),
    "recs": (
        '[slots.RECS]\nfrom = "user.recs"\nisland = "card"\nmax_items = 2\ndefault = "none"\n',
        '[slots.RECS]\nfrom = "user.recs"\nisland = "card"\nmax_items = 90\ndefault = "none"\n',
        '[slots.RECS]\nfrom = "user.recs"\nisland = "card"\nmax_items = 2\ndefault = "news"\n',
    ),
    "card": (
        '[islands.card]\neach = "data.products"\nkey = "sku"\n',
        '[islands.card]\neach = "data.shop.cards"\nkey = "sku"\n',
    ),
    "budget": ("", "[budget]\ncpu_ms = 9\n", "[budget]\nmax_variants = 1\n", "[budget]\npage_kib = 2000\n"),
    "redirects": ("", '[redirects]\n"/old" = "/about"\n', '[redirects]\n"/old" = "/"\n"/gone/[x]" = "/about"\n'),
    "headers": ("", '[headers."/about"]\nx-robots-tag = "none"\n'),
    "jinja": (
        '[jinja]\nextensions = ["i18n", "do"]\npaths = ["../theme"]\nfilters = { money = "shop:money" }\n'
        'tests = { dear = "shop:dear" }\nglobals = { gettext = "shop:translate", RATE = "shop:RATE" }\n',
        '[jinja]\nextensions = ["i18n", "do"]\npaths = ["../theme"]\nfilters = { money = "shop:cash" }\n'
        'tests = { dear = "shop:dear" }\nglobals = { gettext = "shop:translate", RATE = "shop:RATE" }\n',
        '[jinja]\nextensions = ["i18n", "do"]\npaths = ["../theme"]\nfilters = { money = "shop:money" }\n'
        'tests = { dear = "shop:dear" }\nglobals = { RATE = "shop:RATE" }\ntrim_blocks = true\n',
        '[jinja]\nextensions = ["i18n", "do"]\nfilters = { money = "shop:money" }\n'
        'tests = { dear = "shop:dear" }\nglobals = { gettext = "shop:translate", RATE = "shop:RATE" }\n',
    ),
}

_FUNCTIONS: Final = (
    "RATE = {rate}\n\ndef money(x):\n    return f'{{x}} {sign}'\n\ndef cash(x):\n    return f'cash {{x}}'\n\n"
    "def dear(x):\n    return x > {limit}\n\ndef translate(text):\n    return text.upper()\n"
)

FILES: Final[Mapping[str, Sequence[str | None]]] = {
    "../shop.py": (
        _FUNCTIONS.format(rate=2, sign="EUR", limit=10),
        _FUNCTIONS.format(rate=2, sign="USD", limit=10),
        _FUNCTIONS.format(rate=3, sign="EUR", limit=9),
    ),
    "../theme/banner.html": ("<p>theme</p>", "<p>other theme</p>"),
    "data/products.json": (
        _json(_products("p-1", "p-2", "p-3")),
        _json(_products("p-1", "p-2", "p-3", price=10.0)),
        _json(_products("p-1", "p-2", "p-3", price="10")),
        _json(_products("p-3", "p-2", "p-1")),
        _json(_products("p-1", "p-2", "p-4")),
        _json([*_products("p-1", "p-2"), *_products("p-3", title="Lid <b>", old={"price": 9})]),
        _json(_products("p-1", "p-2")),
    ),
    "data/shop.json": (
        _json({**_SHOP, "cards": _products("c-1")}),
        _json({**_SHOP, "cards": _products("c-1", "c-2")}),
        _json({**_SHOP, "cards": _products("c-1"), "name": "Pots"}),
        _json({**_SHOP, "cards": _products("c-1"), "open": {"days": [1, 2, 3], "items": 3}}),
        _json({**_SHOP, "cards": _products("c-1"), "open": {"days": [1, 2], "items": 4}}),
        _json({**_SHOP, "cards": _products("c-1"), "open": [1, 2]}),
        _json({**_SHOP, "cards": _products("c-1"), "kind": "two"}),
        _json({**_SHOP, "cards": _products("c-1"), "flag": 1}),
        _json({**_SHOP, "cards": _products("c-1"), "extra": {"deep": "x"}}),
        _json({"cards": _products("c-1"), **dict(reversed(_SHOP.items()))}),
    ),
    "data/words.toml": ('hello = "Hello"\nday = 2026-01-01\n', 'hello = "Ciao"\nday = 2026-01-01\n', None),
    "segments/free.toml": (
        _tier(),
        _tier(hero='"Hello"'),
        _tier(discount="6"),
        _tier(discount="5.0"),
        _tier(season='"winter"'),
        _tier(more='extra = "x"\n'),
    ),
    "segments/gold.toml": (_tier(discount="7"), _tier(discount="7", more='extra = "y"\n'), _tier(discount="5")),
    "segments/vip.toml": (_tier(discount="9"), _tier(discount="9", season='"winter"'), None),
    "static/shop.css": ("p {}", "p { color: red }", None),
    "static/new.css": (None, "b {}"),
    "pages/index.html": (
        '{% extends "layout.html" %}{% block main %}{% for p in data.products %}'
        '<a href="/product/{{ p.sku }}">{{ p.title }}</a>{% endfor %}{% endblock %}',
        '{% extends "layout.html" %}{% block main %}{{ data.shop.name }}{{ super() }}{% endblock %}',
        "<p>{{ data.shop['open'].days|sum }} {{ data.shop.open['items'] }}</p>",
    ),
    "pages/about.html": (
        '{% extends "layout.html" %}{% block main %}<a href="/news">n</a><a href="/old">o</a>{{ data.words.hello }}'
        "{% endblock %}",
        '{% set words = data.words %}<p>{{ words.day }}</p><a href="about">a</a><!-- <a href="/nowhere"> -->',
        '{% extends "layout.html" %}{% block main %}<a href="/product/p-3">x</a><a href="/none">y</a>{% endblock %}',
        None,
    ),
    "pages/product/[sku].html": (
        '{% extends "layout.html" %}{% block main %}{{ product.title }} {{ product.price|money }}'
        "{% if product.price is dear %}!{% endif %}{% endblock %}",
        '{% from "macros.html" import price with context %}<p>{{ price(product) }}</p><a href="p-1">first</a>',
        "<p>{{ product.old.price }}{{ page.path }}{{ page.params.sku }}</p>",
    ),
    "pages/maybe.html": (
        '{% include "extra.html" ignore missing %}{% include ["one.html", "two.html"] %}',
        '{% include ["extra.html", "kind-" ~ data.shop.kind ~ ".html"] ignore missing %}<p>x</p>',
        '{% if data.shop.extra is defined %}{{ data.shop.extra.deep }}{% endif %}{% include "banner.html" %}',
    ),
    "pages/kind.html": (
        '{% include "kind-" ~ data.shop.kind ~ ".html" %}{% include "banner.html" %}',
        '{% import "macros.html" as lib %}<p>{{ lib.shown(data) }}{{ lib.SHOP.name }}</p>',
        "{{ data.shop|dictsort|length }}{% for key in data %}<p>{{ key }}</p>{% endfor %}",
        "{% set key = 'name' %}<p>{{ data['shop'][key] }}{{ data.get('words', {}).get('hello') }}</p>",
    ),
    "pages/news.html": (
        '<body><div>{% island "news" %}</div>',
        '<body><div>{% island "news" client %}wait{% endisland %}</div>',
        '<body><div>{% island "more" %}</div>',
    ),
    "pages/lists.html": ("<body><div>{{ user.recs }}</div>", "<body>" + "<div>{{ user.recs }}</div>" * 3),
    "pages/clock.html": (
        "<p>{{ build_time.year }}</p>",
        '{% if build_time.month == 12 %}{% include "two.html" %}{% endif %}<p>x</p>',
        "<p style=\"background: url({{ asset('shop.css') }})\">no clock</p>",
    ),
    "pages/words.html": (
        "<p>{% trans %}hello{% endtrans %} {{ RATE }} {{ [1, 12]|select('dear')|list|length }}</p>",
        "<p>{{ data.products|map(attribute='price')|map('mon' ~ 'ey')|join(', ') }}{{ 3|money }}</p>",
        "<p>{{ _('hello') }}{% if 5 is dear %}dear{% endif %}</p>",
    ),
    "pages/you.html": (
        "<p>{{ user.name }} {% if user.state == 'member' %}member{% endif %} {{ segment.hero }}</p>",
        "<p>{{ segment.discount }}{% if tier == 'vip' %}{{ segment.season }}{% endif %}</p>",
        "<p>{% if segment.season == 'summer' %}{{ user.name }}{% endif %}{{ site.base_url }}</p>",
    ),
    "pages/404.html": ('<p><a href="/">home</a></p>', '<p><a href="404">not found</a></p>', None),
    "islands/news.html": (
        "<p>{{ user.name }}{{ data.shop.name }}</p>",
        "<p>{{ tier }}</p>",
        "<script>1</script>",
        "<div>{{ user.recs }}</div>",
    ),
    "islands/more.html": (None, "<p>more</p>"),
    "islands/card.html": ("<b>{{ item.title }}</b>", "<b>{{ item.price|money }}</b>", "<b>{{ segment.discount }}</b>"),
    "islands/none.html": ("<p>none</p>", "<p>{{ tier }}</p>"),
    "templates/layout.html": (
        '<title>x</title><link rel="stylesheet" href="{{ asset("shop.css") }}"><body>{% include "nav.html" %}'
        "{% block main %}main{% endblock %}",
        "<title>y</title><body>{% block main %}{% endblock %}",
        "<title>{{ tier }}</title><body>\n{% if true %}\n{% block main %}{{ segment.discount }}{% endblock %}"
        "{% endif %}",
    ),
    "templates/nav.html": (
        '<a href="/about">About</a>',
        '<a href="/about#x">{{ data.shop.name }}</a>',
        "<p>{{ nope }}</p>",
    ),
    "templates/macros.html": (
        "{% set SHOP = data.shop %}{% macro price(p) %}{{ p.price|money }}{% endmacro %}"
        "{% macro shown(d) %}{{ d.shop.kind }}{% endmacro %}",
        "{% set SHOP = {'name': 'n'} %}{% macro price(p) %}{{ RATE }}{% endmacro %}{% macro shown(d) %}y{% endmacro %}",
    ),
    "templates/extra.html": (None, "<p>extra</p>", "<p>{{ data.shop.flag }}</p>"),
    "templates/one.html": (None, "<p>one</p>"),
    "templates/two.html": ("<p>two</p>", "<p>{{ data.shop.note }}</p>", "{% if %}"),
    "templates/kind-one.html": ("<p>one</p>", "<p>{{ data.shop.open }}</p>"),
    "templates/kind-two.html": ("<p>kind two</p>",),
    "templates/banner.html": (None, "<p>own banner</p>"),
    "templates/pages/clock.html": (None, "<p>before the page's own</p>"),
}

Part = tuple[str, str]
"""`config` and a section, `file` and a name, or `clock`."""

PARTS: Final[Mapping[Part, Sequence[object]]] = {
    **{("config", name): choices for name, choices in CONFIG.items()},
    **{("file", name): choices for name, choices in FILES.items()},
    ("clock", ""): CLOCKS,
}


class ChangingSite:
    """The site in a folder; `choice` is the number of each part's alternative."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.choice = dict.fromkeys(PARTS, 0)
        for part in PARTS:
            self._write(part)

    @property
    def clock(self) -> datetime:
        return CLOCKS[self.choice["clock", ""]]

    def edit(self, part: Part, choice: int) -> None:
        """Give a part another alternative."""
        self.choice[part] = choice
        self._write(part)

    def _write(self, part: Part) -> None:
        kind, name = part
        if kind == "config":
            sections = (choices[self.choice["config", section]] for section, choices in CONFIG.items())
            self._put("edgekit.toml", "".join(sections))
        elif kind == "file":
            self._put(name, FILES[name][self.choice[part]])

    def _put(self, name: str, text: str | None) -> None:
        file = self.root / name
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
