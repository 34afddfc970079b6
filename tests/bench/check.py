"""What a check of one changed file costs over the bare start of the command; and of an error that all pages share.

The commands are processes of their own: milliseconds of CPU, theirs and the system's.
"""

import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgekit.compiler.build import compile_site
from edgekit.project.load import load_site
from tests.bench.rounds import Spread, ratio, spread, time_once
from tests.cli.command import command_line, environment, write_shop

PAGES = 1_000
LAYOUT = "<title>{% block title %}{% endblock %}</title>\n<body>{% block main %}{% endblock %}\n" + "<p>end</p>\n" * 30
PRODUCT = (
    '{% extends "layout.html" %}{% block title %}{{ product.name }}{% endblock %}'
    "{% block main %}<p>{{ user.name }}</p>{% endblock %}"
)
ERRORS = {
    "before the item is read": "{{ user.name|upper }}" + LAYOUT,
    "behind it": LAYOUT + "{{ user.name|upper }}",
    "of an undefined name": LAYOUT + "{{ nothing }}",
    "of a missing template": LAYOUT + "{% include 'nowhere.html' %}",
    "of a slot's place": LAYOUT + "<a onclick='{{ user.name }}'>x</a>",
}
"""Layouts with an error; each page's item is read in its title."""


def bench_check(folder: Path, rounds: int, pages: int) -> dict[str, dict[str, Spread]]:
    """Milliseconds of a check of one file in a site of 1,000; and, in one of `pages`, a check with an error in the
    layout over one that passes."""
    passing, failing = time_errors(folder / "shared", rounds, pages)
    return {
        "milliseconds": {
            f"check of one file over --version, {PAGES} pages (goal: at most 300)": time_file(folder / "one", rounds)
        },
        "ratios": {
            f"check with an error / without, {pages} pages: {name}": ratio(series, passing)
            for name, series in failing.items()
        },
    }


def time_file(folder: Path, rounds: int) -> Spread:
    pages = {f"pages/docs/{number}.html": PRODUCT.replace("product.name", str(number)) for number in range(PAGES)}
    write_shop(folder / "site", {"templates/layout.html": LAYOUT, **pages})
    run(folder, "build", "-q")
    file = folder / "site/pages/docs/7.html"
    differences = []
    for number in range(rounds + 1):
        file.write_text(f"{PRODUCT}<!-- {number} -->".replace("product.name", "7"))
        differences.append(run(folder, "check", str(file)) - run(folder, "--version"))
    return spread(differences[1:])


def time_errors(folder: Path, rounds: int, pages: int) -> tuple[list[float], dict[str, list[float]]]:
    products = ", ".join(f'{{"sku": "p-{number}", "name": "Tea {number}"}}' for number in range(pages))
    files = {"data/products.json": f"[{products}]", "pages/product/[sku].html": PRODUCT}
    write_shop(folder, {**files, "templates/layout.html": LAYOUT})
    passing: list[float] = []
    failing: dict[str, list[float]] = {name: [] for name in ERRORS}
    for _ in range(max(1, rounds // 3)):
        passing.append(time_layout(folder, LAYOUT))
        for name, series in failing.items():
            series.append(time_layout(folder, ERRORS[name]))
    return passing, failing


def time_layout(folder: Path, layout: str) -> float:
    (folder / "templates/layout.html").write_text(layout)
    site = load_site(folder)
    return time_once(lambda: compile_site(site, lambda fragment: None, jobs=1))


def run(folder: Path, *arguments: str) -> float:
    """Milliseconds of CPU that a command takes."""
    return run_line(folder, command_line(*arguments))


def run_line(folder: Path, line: Sequence[str]) -> float:
    """Milliseconds of CPU that a process takes, edgekit compiled by Python before, as an installed one is."""
    compiled = environment(PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=str(folder / "compiled"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(line, cwd=folder, env=compiled, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3
