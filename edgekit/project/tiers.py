"""`segments/<tier>.toml`: the configuration of each tier, as JSON-able frozen data."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.keys import TIER
from edgekit.model.slot import MAX_INTEGER
from edgekit.project.files import list_files
from edgekit.project.frozen import FrozenDict, freeze
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, format_key, note, read_toml

FOLDER: Final = "segments"
MAX_TIER_BYTES: Final = 1024 * 1024


def read_tiers(root: Path, problems: Problems) -> dict[str, tuple[TomlFile, FrozenDict]]:
    """Tier → its file and the file's content, sorted by tier; files with problems are left out, the problems noted."""
    tiers = {}
    for name, file in list_files(root, FOLDER, problems, deep=False):
        if file.suffix != ".toml":
            continue
        tier = file.stem
        if not TIER.fullmatch(tier):
            problems.add(
                "EK120",
                f"`{tier}` is no name of a tier",
                help="name the file with `a-z`, `0-9`, `_` and `-` (at most 64), such as `segments/free.toml`",
                file=file,
            )
            continue
        toml = read_toml(file, MAX_TIER_BYTES, problems)
        if toml is None:
            continue
        try:
            content = freeze(toml.content)
        except RecursionError:
            problems.add("EK122", f"`{name}` is nested too deeply", help="make the tier flatter", file=file)
            continue
        faults = list(_faults(content, ()))
        for keys, why in faults:
            note(
                problems,
                toml,
                keys,
                "EK122",
                f"`{format_key(keys)}` of tier `{tier}` {why}",
                help="a tier's configuration is JSON: use strings, numbers, booleans, lists and tables",
            )
        if not faults:
            tiers[tier] = toml, content
    return tiers


def check_default_tier(default: str, tiers: dict[str, Any], config: TomlFile, problems: Problems) -> None:
    """Note a site without tiers, or a default tier without a file. An empty `default` was noted when it was read."""
    root = config.file.parent
    if not any((root / FOLDER).glob("*.toml")):
        problems.add(
            "EK121",
            "the site has no tiers",
            help="write each tier's configuration to a file such as `segments/free.toml` (it may be empty)",
            file=root / FOLDER,
        )
    elif default and default not in tiers and not os.path.exists(root / FOLDER / f"{default}.toml"):
        note(
            problems,
            config,
            ("site", "default_tier"),
            "EK121",
            f"the default tier `{default}` has no file{did_you_mean(default, tiers)}",
            help=f"write `segments/{default}.toml`, or name one of the tiers that exist",
        )


def _faults(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The keys of what JSON cannot hold, or a Worker would read differently, and why."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _faults(inner, (*keys, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _faults(inner, keys)
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield keys, f"is `{value}`, which JSON cannot hold"
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            yield keys, f"is beyond ±{MAX_INTEGER}, where JavaScript loses digits"
    elif not isinstance(value, str):
        yield keys, f"is a {type(value).__name__}, which JSON cannot hold"
