"""The basis of a build written down: what it read beside the folders of the fingerprint."""

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.keys import ASSETS
from edgekit.model.manifest import Pack
from edgekit.project.basis import Basis, relative_name
from edgekit.project.fingerprint import FOLDER_MARK, FOLDERS, TEMPLATES, Fingerprint
from edgekit.project.site import Site


def note_basis(
    site: Site,
    fingerprint: Fingerprint,
    pack: Pack,
    warnings: Iterable[Diagnostic],
    *,
    templates: Collection[tuple[str, str]],
    reads_clock: bool,
) -> Basis:
    """The basis of a build of `site`, whose fingerprint was taken before the site was read.

    `templates` are the names of those it asked for, each with `basis.describe_template`, empty where there is none.
    `reads_clock`: did one of its pages read `build_time`?
    """
    assets = sum(entry.namespace == ASSETS for entry in pack.index)
    files = dict.fromkeys(site.jinja.written, FOLDER_MARK)
    looked_at = {**site.jinja.functions.looked_at, **site.beside}
    files |= {relative_name(site.root, file): found for file, found in looked_at.items()}
    return Basis(
        fingerprint.digest,
        site.jinja.written,
        tuple(sorted({*templates} if not fingerprint.whole else _uncovered(site.root, templates))),
        tuple(sorted(files.items())),
        site.build_time.isoformat() if reads_clock else None,
        tuple(
            warning if warning.file is None else replace(warning, file=relative_name(site.root, warning.file))
            for warning in warnings
        ),
        len(pack.manifest.routes),
        len(pack.index) - assets,
        assets,
    )


def _uncovered(root: Path, templates: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The templates that were not found in one of the folders of the fingerprint."""
    for name, found in templates:
        parts = name.split("/")
        hidden = any(part.startswith(".") for part in parts)
        in_folder = os.path.isfile(f"{root}/{TEMPLATES}/{name}") or (
            parts[0] in FOLDERS and os.path.isfile(f"{root}/{name}")
        )
        if hidden or not in_folder:
            yield name, found
