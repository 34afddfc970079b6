"""The basis of a build written down: what it read beside the folders of the fingerprint."""

import os
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.keys import ASSETS
from edgekit.model.manifest import Pack
from edgekit.project.basis import Basis
from edgekit.project.fingerprint import FOLDER_MARK, FOLDERS, TEMPLATES, Fingerprint, digest_at
from edgekit.project.site import Site
from edgekit.project.toolchain import PACKAGE, PACKAGE_FOLDERS

_LIBRARY: Final = os.path.dirname(os.__file__)


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

    `templates` are the names of those it asked for, with the digest (hex) of their text, empty where there is none.
    `reads_clock`: did one of its pages read `build_time`?
    """
    assets = sum(entry.namespace == ASSETS for entry in pack.index)
    files = dict.fromkeys(site.jinja.written, FOLDER_MARK)
    if site.jinja.functions.looked_at:
        files |= {_relative(site.root, file): found for file, found in site.jinja.functions.looked_at.items()}
        files |= {_relative(site.root, file): digest_at(file) for file in _foreign_modules()}
    return Basis(
        fingerprint.digest,
        site.jinja.written,
        tuple(sorted({*templates} if not fingerprint.whole else _uncovered(site.root, templates))),
        tuple(sorted(files.items())),
        site.build_time.isoformat() if reads_clock else None,
        tuple(
            warning if warning.file is None else replace(warning, file=_relative(site.root, warning.file))
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


def _foreign_modules() -> list[str]:
    """The files of imported modules that are neither Python's, nor of an installed package, nor edgekit's.

    A site's functions may import them over PYTHONPATH, say, or from a package that is installed as a link.
    """
    origins = {getattr(getattr(module, "__spec__", None), "origin", None) for module in list(sys.modules.values())}
    own = tuple(f"{folder}/" for folder in (_LIBRARY, PACKAGE))
    return sorted(
        origin
        for origin in origins
        if origin is not None
        and os.path.isfile(origin)
        and not origin.startswith(own)
        and not any(f"/{folder}/" in origin for folder in PACKAGE_FOLDERS)
    )


def _relative(root: Path, file: str) -> str:
    # As text that JSON can hold: of another name nothing will be found, which is no more than a build too much.
    return os.fsencode(os.path.relpath(file, root)).decode(errors="backslashreplace")
