"""What a build costs after an edit of one product, of the layout, of what no page reads; and a full one.

In this process, with a warm Python: reading the site, compiling and publishing. `jobs` is 1, so that a full build and
an incremental one use one core alike.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

from edgekit.cli.building import build_site
from tests.bench.rounds import Spread, ratio, spread, time_once
from tests.cli.command import write_shop

LAYOUT = (
    "<title>{% block title %}{% endblock %}</title>\n<body><nav>{% for at in range(20) %}"
    '<a href="/product/p-{{ at }}">{{ at }}</a>{% endfor %}</nav>{% block main %}{% endblock %}\n' + "<p>end</p>\n" * 30
)
PRODUCT = (
    '{% extends "layout.html" %}{% block title %}{{ product.name }}{% endblock %}'
    "{% block main %}<p>{{ user.name }} {{ tier }}</p><p>{{ product.text }}</p>{% endblock %}"
)


def bench_incremental(folder: Path, rounds: int, pages: int) -> dict[str, dict[str, Spread]]:
    """Milliseconds of builds of a site with `pages` products in two tiers, and ratios to a full build."""
    site = folder / "incremental"
    products = [{"sku": f"p-{at}", "name": f"Tea {at}", "text": f"Leaf {at} " * 100} for at in range(pages)]
    write_shop(site, {"templates/layout.html": LAYOUT, "pages/product/[sku].html": PRODUCT})

    def write_products() -> None:
        (site / "data/products.json").write_text(json.dumps(products))

    def edit_product() -> None:
        products[7]["text"] = f"Leaf {time.monotonic_ns()}"
        write_products()

    def edit_layout() -> None:
        (site / "templates/layout.html").write_text(f"{LAYOUT}<!-- {time.monotonic_ns()} -->")

    def edit_notes() -> None:
        (site / "data/notes.json").write_text(f"[{time.monotonic_ns()}]")

    def forget() -> None:
        (site / "edge.lmdb").unlink(missing_ok=True)

    write_products()
    edits: dict[str, Callable[[], None]] = {
        "full": forget,
        "what no page reads": edit_notes,
        "one product": edit_product,
        "the layout": edit_layout,
    }
    series: dict[str, list[float]] = {name: [] for name in edits}
    for _ in range(rounds):
        for name, edit in edits.items():
            edit()
            series[name].append(time_once(lambda: build_site(site, site / "edge.lmdb", jobs=1)) / 1e3)
    return {
        "milliseconds": {f"build, {pages} pages: {name}": spread(times) for name, times in series.items()},
        "ratios": {
            f"build after an edit / full: {name}": ratio(times, series["full"])
            for name, times in series.items()
            if name != "full"
        },
    }
