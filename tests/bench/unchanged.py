"""What a build and a diff of an unchanged site cost over the bare start of the command and hashing its files.

All are processes of their own: milliseconds of CPU, theirs and the system's.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bench.check import LAYOUT, PRODUCT, run_line
from tests.bench.rounds import Spread, ratio
from tests.cli.command import command_line, write_shop

START_AND_HASH = """
import hashlib, os, sys
from edgekit.cli.main import main
main(["--version"])
for folder, _, files in os.walk(sys.argv[1]):
    for name in files:
        with open(f"{folder}/{name}", "rb") as file:
            hashlib.sha256(file.read()).hexdigest()
"""
TEXT = "Made with care by people who know how to. " * 12


def bench_unchanged(folder: Path, rounds: int, pages: int) -> dict[str, dict[str, Spread]]:
    """Ratios for a site of so many pages: items of one data file, and files of their own."""
    products = [{"sku": f"p-{number}", "name": f"Tea {number}", "text": TEXT} for number in range(pages)]
    items = {"data/products.json": json.dumps(products), "pages/product/[sku].html": PRODUCT}
    files = {f"pages/docs/{product['sku']}.html": PRODUCT.replace("{{ product.name }}", TEXT) for product in products}
    return {
        "ratios": {
            f"{command}, unchanged / start and hashing, {pages} pages, {name} (goal: at most 2)": spread
            for name, content in (("items", items), ("files", files))
            for command, spread in time_site(folder / name, {"templates/layout.html": LAYOUT, **content}, rounds)
        }
    }


def time_site(folder: Path, files: Mapping[str, str], rounds: int) -> Iterator[tuple[str, Spread]]:
    """Commands that find nothing changed, each with its ratio."""
    site = write_shop(folder / "site", files)
    start_and_hash = [sys.executable, "-c", START_AND_HASH, str(site)]
    run_line(folder, command_line("build", "-q"))
    lines = {"build": command_line("build", "-q"), "diff": command_line("diff", "-q"), "hash": start_and_hash}
    times: dict[str, list[float]] = {name: [] for name in lines}
    for _ in range(rounds):
        for name, line in lines.items():
            times[name].append(run_line(folder, line))
    for command in ("build", "diff"):
        yield command, ratio(times[command], times["hash"])
