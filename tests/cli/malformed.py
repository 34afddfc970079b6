"""A site with something of everything, and the ways in which it can be malformed."""

import json
import os
import random
import shutil
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

CONFIG: Final[Mapping[str, Any]] = {
    "site": {"base_url": "https://shop.example", "default_tier": "free"},
    "build": {"store": "../build/edge.lmdb"},
    "pages": {"product/[sku].html": {"each": "data.products", "as": "product", "delivery": "user"}},
    "slots": {
        "USER_NAME": {"from": "user.name", "default": "there", "max_length": 40, "type": "string"},
        "STATE": {"from": "user.state", "default": "guest", "choices": ["guest", "member"]},
        "HERO": {"from": "segment.hero", "max_length": 80},
        "RECS": {"from": "user.recs", "island": "card", "max_items": 4, "default": "none"},
    },
    "islands": {"card": {"each": "data.products", "as": "product", "key": "sku"}},
    "kv": {"ttl": {"user": 86_400, "segment": 3_600}},
    "redirects": {"/shop": "/", "/old/[x]": {"to": "/product/[x]", "status": 302}},
    "headers": {"/product/*": {"x-frame-options": "DENY"}},
    "jinja": {"paths": ["more"], "extensions": ["do"], "trim_blocks": True, "filters": {"money": "own:money"}},
    "budget": {"cpu_ms": 50, "page_kib": 1024, "max_variants": 16},
    "identity": {"mode": "header", "header": "x-user-id", "trusted_proxies": ["127.0.0.0/8"]},
}

LAYOUT: Final = """\
<!doctype html>
<title>{% block title %}Shop{% endblock %}</title>
<link rel="stylesheet" href="{{ asset("shop.css") }}">
<body>
{% include "hello.html" %}
{% block main %}{% endblock %}
"""

FILES: Final[Mapping[str, str]] = {
    "pages/index.html": """\
{% extends "layout.html" %}
{% from "price.html" import price with context %}
{% block main %}
<h1 title="{{ user.name }}">{{ segment.hero }}</h1>
{% if user.state == "member" %}<p>Welcome back</p>{% elif tier == "vip" %}<p>Welcome</p>{% endif %}
{% for product in data.products|sort(attribute="name") %}
<p><a href="/product/{{ product.sku }}">{{ product.name|upper }}</a> {{ price(product) }}</p>
{% endfor %}
{{ user.recs }}
{% island "news" %}
{% endblock %}
""",
    "pages/product/[sku].html": '{% extends "layout.html" %}\n{% block main %}{{ product.name }}{% endblock %}\n',
    "pages/404.html": "<p>No such page, {{ user.name }}</p>\n",
    "templates/layout.html": LAYOUT,
    "templates/hello.html": "{% set name = user.name %}<p>Hello {{ name ~ '!' }}</p>\n",
    "templates/price.html": "{% macro price(item) %}{{ item.price|default(8)|round(2)|money }}{% endmacro %}\n",
    "islands/card.html": "<p>{{ product.name }}</p>\n",
    "islands/none.html": "<p>Nothing yet</p>\n",
    "islands/news.html": "{% for line in data.news %}<p>{{ line.text }}</p>{% endfor %}\n",
    "segments/free.toml": 'hero = "Spring"\nseats = 3\n',
    "segments/vip.toml": 'hero = "Gold"\nseats = 12\n\n[perks]\nlounge = true\n',
    "data/products.json": '[\n  {"sku": "p-1", "name": "Tea", "price": 3.5},\n  {"sku": "p-2", "name": "Cup"}\n]\n',
    "data/news.csv": 'text,day\nTea is in,Monday\n"Cups, too",Tuesday\n',
    "data/shop.toml": 'name = "Shop"\n\n[open]\nfrom = 9\n',
    "static/shop.css": "p { color: teal }\n",
    "more/extra.html": "",
    "../own.py": "def money(price):\n    return f'{price} EUR'\n",
}


def write_toml(value: Any) -> str:
    """A value of TOML in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {write_toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(write_toml, value)) + "]"
        case date():
            return value.isoformat()
        case float():
            return str(value)
    return json.dumps(value)


def write_config(config: Mapping[str, Any]) -> str:
    """Each table on a line of its own: what is in it has a line, too."""
    lines = []
    for name, value in config.items():
        if isinstance(value, dict):
            lines.append(f"[{name}]")
            lines += [f"{json.dumps(key)} = {write_toml(inner)}" for key, inner in value.items()]
        else:
            lines.insert(0, f"{name} = {write_toml(value)}")
    return "\n".join(lines) + "\n"


def make(site: Path) -> None:
    """The site, anew."""
    if site.parent.exists():
        shutil.rmtree(site.parent)
    for name, text in {**FILES, "edgekit.toml": write_config(CONFIG)}.items():
        file = site / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


VALUES: Final[tuple[Any, ...]] = (
    True,
    0,
    -1,
    7,
    10**20,
    1.5,
    float("inf"),
    float("nan"),
    "",
    "text",
    "\x00\u202e\n",
    "x" * 20_000,
    date(2026, 1, 31),
    [],
    [1],
    ["", "text", "text"],
    [[["text"]]],
    {},
    {"text": 1},
    {"": {"": ""}},
)


def replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def link_to(target: str | Path) -> Callable[[Path], None]:
    def link(file: Path) -> None:
        file.unlink()
        file.symlink_to(target)

    return link


def make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def write(content: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(content)


def change(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(change(file.read_bytes()))


FILE_FAULTS: Final[Mapping[str, Callable[[Path], object]]] = {
    "missing": Path.unlink,
    "empty": write(b""),
    "a line break": write(b"\n"),
    "binary": write(random.Random(6).randbytes(2_000)),
    "NULs": write(bytes(100)),
    "invalid UTF-8": change(lambda content: content.replace(b"e", b"\xff")),
    "Latin-1": change(lambda content: content + b"\n# caf\xe9\n"),
    "UTF-16": change(lambda content: content.decode().encode("utf-16")),
    "a byte order mark": change(lambda content: b"\xef\xbb\xbf" + content),
    "two byte order marks": change(lambda content: b"\xef\xbb\xbf" * 2 + content),
    "CRLF": change(lambda content: content.replace(b"\n", b"\r\n")),
    "CR": change(lambda content: content.replace(b"\n", b"\r")),
    "form feeds": change(lambda content: content.replace(b"\n", b"\f\n\xe2\x80\xa8")),
    "a NUL": change(lambda content: content[:9] + b"\0" + content[9:]),
    "brackets": write(b"[" * 20_000),
    "braces": write(b"{" * 20_000),
    "tags": write(b"{{ " + b"(" * 3_000),
    "blocks": write(b"{% if 1 %}" * 3_000),
    "elements": write(b"<div>" * 1_000),
    "tables": write(b"[a." + b"a." * 3_000 + b"a]\n"),
    "a large number": write(b"a = " + b"9" * 10_000),
    "quotes": write(b'"' * 5_001),
    "backwards": change(lambda content: content[::-1]),
    "twice": change(lambda content: content * 2),
    "a folder": replace_by_folder,
    "a link to itself": lambda file: link_to(file)(file),
    "a link to nowhere": link_to("nowhere"),
    "a link out of the site": link_to("/etc/hostname"),
    "a device": link_to("/dev/zero"),
    "a pipe": make_pipe,
    "huge": lambda file: os.truncate(file, 30 * 1024 * 1024),
}


FOLDER_FAULTS: Final[Mapping[str, Callable[[Path], object]]] = {
    "missing": shutil.rmtree,
    "empty": lambda folder: (shutil.rmtree(folder), folder.mkdir()),
    "a file": lambda folder: (shutil.rmtree(folder), folder.write_text("x")),
    "a link to its folder": lambda folder: (shutil.rmtree(folder), folder.symlink_to(".")),
    "a link to itself": lambda folder: (shutil.rmtree(folder), folder.symlink_to(folder)),
    "a link out of the site": lambda folder: (shutil.rmtree(folder), folder.symlink_to("/etc")),
    "a loop in it": lambda folder: (folder / "again").symlink_to("."),
    "a loop of two": lambda folder: ((folder / "a").symlink_to("b"), (folder / "b").symlink_to("a")),
    "a folder with a file's name": lambda folder: (folder / "x.html").mkdir(),
    "a pipe in it": lambda folder: os.mkfifo(folder / "pipe.html"),
    "deep": lambda folder: (folder / "/".join(["d"] * 60)).mkdir(parents=True),
    "a hidden file": lambda folder: (folder / ".html").write_text("{{"),
}


PLACES: Final = (
    "pages/{}.html", "pages/{}/a.html", "templates/{}.html", "islands/{}.html", "segments/{}.toml", "data/{}.json",
    "data/{}.csv", "static/{}.css", "static/{}/a.css", "{}",
)  # fmt: skip

NAMES: Final = (
    b"a\nb", b"a\tb", b"\x1b[31mred", b"a b", b" ", b"-", b"--help", b"..", b"...", b"a..b", b"index.index",
    b"a.html", "🍵".encode(), "\u202egnp".encode(), "\u05d0\u05d1".encode(), "e\u0301".encode(), "\u00e9".encode(),
    "\ufeff".encode(), b"\xff\xfe", b"\xed\xa0\x80", b"[", b"]", b"[]", b"[sku]", b"[a][b]", b"a[b]", b"%2e%2e", b"%",
    b"?", b"#", b"a\\b", b"a:b", b"~", b"*", b"con", b"items", b"keys", b"{{x}}", b"{USER_NAME}", b"x" * 240,
    "🍵".encode() * 60, b"'", b'"', b"`", b"__init__", b"true", b"self", b"404", b"503", b"500", b"static",
    b"_edgekit", b"INDEX", b"a.b",
)  # fmt: skip


DATA: Final[Mapping[str, tuple[str, ...]]] = {
    "json": (
        "null", "0", "NaN", "[", "]", "{}", "[1,]", "{'a': 1}", '{"a" 1}', '{"a": 1, "a": 2}', '"text', "[1e999]",
        "-", "01", "// x\n[]", '["\\ud800"]', '["\t"]', '{"": ""}', "[" * 101 + "]" * 101, '{"a":' * 5_000, "[1][2]",
        "\n\n[1,\n\n", "true", "[null]", "[9007199254740993]", "[" + "9" * 400 + "]", '[{"sku": null}]',
        '[{"sku": ""}]', '[{"sku": "a/b"}]', '[{"sku": ".."}]', '[{"sku": "a"}, {"sku": "a"}]', '[{"sku": [1]}]',
        '[{"sku": true}]', '[{"name": "x"}]', '[{"sku": "\\n"}]', "[[]]", '[{"sku": "p"}, 1]', '[{"sku": "index"}]',
        '[{"sku": "a.html"}]', '[{"sku": "' + "x" * 600 + '"}]', '[{"sku": "\U0001f375"}]', '[{"sku": 7}]',
    ),
    "csv": (
        "", "\n", ",", "a,a\n1,2", "a,,b", "a\n1,2", "a,b\n1", '"a', 'a\n"x"y', 'a\n"x', "a;b\n1;2", "a\r1\r",
        "\ta\n", "a\n\n\n1", "sku,name", "sku,name,price\n,x,1", "a\n" + "x" * 200_000, "sku,name,price\np-1,x,NaN",
        "a\0b\n1",
    ),
    "toml": (
        "a", "a =", "a = 1\na = 2", "[a]\n[a]", "[[a]]\n[a]", "a = [1,", 'a = "', "a = 1 2", "a = nan",
        "a = 2026-13-01", "= 1", "[", "a.b = 1\na = 1", 'a = """', "a = {b = 1\nc = 2}", "a = 0o8", "a = 07:00:00",
        "\ta = 1\n\t[b]", "a = '\U0001f375'", "a = \u201cx\u201d", "#\0", "a = 1 # \x01",
    ),
}  # fmt: skip


def mutate(content: bytes, random: random.Random) -> bytes:
    """Some bytes deleted, doubled or swapped, or replaced by what Jinja and HTML read."""
    for _ in range(random.randint(1, 3)):
        at, end = sorted(random.choices(range(len(content) + 1), k=2))
        end = min(end, at + random.choice((1, 2, 8, 40)))
        piece = content[at:end]
        new = random.choice(
            (
                b"",
                piece * 2,
                piece[::-1],
                b"{{",
                b"}}",
                b"{%",
                b"%}",
                b"{#",
                b"<",
                b">",
                b'"',
                b"|",
                b".",
                b"(",
                b"\xff",
                b"\0",
            )
        )
        content = content[:at] + new + content[end:]
    return content
