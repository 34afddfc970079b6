"""What the context check adds to the build of many pages of one template."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from edgekit.compiler.build import compile_site
from edgekit.compiler.contexts import Contexts
from edgekit.compiler.opaque import Placed
from edgekit.compiler.trace import Text
from edgekit.project.load import load_site
from edgekit.project.site import Site
from tests.bench.rounds import Spread, ratio, spread, time_once

_CONFIG: Final = """\
[site]
base_url = "https://shop.example"
default_tier = "free"

[pages."product/[sku].html"]
each = "data.products"
as = "product"

[slots.NAME]
from = "user.name"
default = "there"
max_length = 40

[slots.ID]
from = "user.id"
default = "none"
max_length = 40

[slots.POINTS]
from = "user.points"
type = "integer"
default = 0
"""

_PAGE: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ product.name }}</title>
<meta name="description" content="{{ product.story }}"></head>
<body><header><a href="/">Shop</a> <a href="/account?u={{ user.id|urlencode }}" title="{{ user.name }}">You</a></header>
<main data-sku="{{ product.sku }}"><h1>{{ product.name }}</h1><p>{{ product.story }}</p>
<p>Hello {{ user.name }}, you have {{ user.points }} points: {{ product.price }} EUR</p>
<a href="/buy/{{ product.sku }}?u={{ user.id|urlencode }}">Buy</a>
{% for near in product.near %}
<div class="card"><a href="/product/{{ near.sku }}"><img src="/img/{{ near.sku }}.webp" alt="{{ near.name }}"></a>
<h3 class="title"><a href="/product/{{ near.sku }}">{{ near.name }}</a></h3><p class="price">{{ near.price }} EUR</p>
<button class="add" data-add="{{ near.sku }}" aria-label="Add {{ near.name }}">Add</button></div>
{% endfor %}</main>
<script>track({"sku": {{ product.sku|tojson }}, "price": {{ product.price }}, "user": {{ user.id|tojson }}});</script>
</body></html>
"""


def bench_contexts(rounds: int, pages: int = 10_000) -> dict[str, dict[str, Spread]]:
    """Milliseconds of a build of `pages` pages in one process, with the check and without it; and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        site = _make_site(Path(folder), pages)
        times: dict[str, list[float]] = {"with the check": [], "without it": []}
        checks = (Contexts.check, _find_nothing)
        try:
            for _ in range(rounds):
                for series, check in zip(times.values(), checks, strict=True):
                    Contexts.check = check  # type: ignore[method-assign]
                    series.append(time_once(partial(_build, site)) / 1e3)
        finally:
            Contexts.check = checks[0]  # type: ignore[method-assign]
    title = f"build of {pages} pages"
    return {
        "milliseconds": {f"{title}, {name}": spread(series) for name, series in times.items()},
        "ratios": {f"{title}, with / without the check (goal: at most 1.3)": ratio(*times.values())},
    }


def _find_nothing(contexts: Contexts, pieces: Sequence[Text | Placed]) -> list[object]:
    return []


def _build(site: Site) -> None:
    result = compile_site(site, lambda fragment: None, jobs=1)
    assert result.pack is not None, result.diagnostics


def _make_site(root: Path, pages: int) -> Site:
    """A shop of one template; pages have the markup in common, and no text of a product."""
    products = [
        {
            "sku": f"p-{number}",
            "name": f"Lamp & shelf no. {number}",
            "story": f'The {number}th of many: "soft" copper, oak and <linen>. ' * 3,
            "price": number % 900 + 0.5,
        }
        for number in range(pages)
    ]
    near = [
        [{key: products[(number * step) % pages][key] for key in ("sku", "name", "price")} for step in range(2, 26)]
        for number in range(pages)
    ]
    for product, others in zip(products, near, strict=True):
        product["near"] = others
    files = {
        "edgekit.toml": _CONFIG.encode(),
        "segments/free.toml": b"",
        "data/products.json": msgspec.json.encode(products),
        "pages/product/[sku].html": _PAGE.encode(),
    }
    for name, body in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)
    return load_site(root)
