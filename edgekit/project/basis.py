"""What a release was built from: if all of it still is as it was, building again would give the same.

The fingerprint covers the site's folders. The rest is a list of what the build read or looked for elsewhere, with what
it found, so that nothing has to be loaded to look again.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.digest import digest
from edgekit.model.keys import ASSETS
from edgekit.model.manifest import Pack
from edgekit.project.fingerprint import FOLDER_MARK, FOLDERS, TEMPLATES, Fingerprint, digest_at
from edgekit.project.site import Site
from edgekit.project.toolchain import PACKAGE, PACKAGE_FOLDERS


class Basis(msgspec.Struct, frozen=True):
    """What one build read, and what came of it: warnings, and counts of pages, fragments and assets.

    Paths are relative to the site folder. `paths` are the `[jinja] paths`. `templates` are names, with the digest (hex)
    of the text that was found by it, as in `Reads`; `files` are places, with what `digest_at` gave. `clock` is the
    build time (ISO 8601) if a page read it. The files of `warnings` are relative to the site folder, too.
    """

    fingerprint: str
    paths: tuple[str, ...]
    templates: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    clock: str | None
    warnings: tuple[Diagnostic, ...]
    pages: int
    fragments: int
    assets: int

    def holds(self, root: Path, fingerprint: Fingerprint, build_time: datetime) -> bool:
        """Would a build of the site folder `root`, which has this fingerprint now, read the same again?"""
        return (
            self.fingerprint == fingerprint.digest
            and self.clock in (None, build_time.isoformat())
            and all(digest_at(f"{root}/{file}") == found for file, found in self.files)
            and self._finds_templates(root)
        )

    def _finds_templates(self, root: Path) -> bool:
        folders = [os.path.join(root, folder) for folder in (TEMPLATES, "", *self.paths)]
        real = [os.path.realpath(folder) for folder in folders]
        return all(_digest_template(name, folders, real) == found for name, found in self.templates)

    def warnings_at(self, root: Path) -> tuple[Diagnostic, ...]:
        """The build's warnings, of the site folder where it is now."""
        return tuple(_move(warning, lambda file: os.path.join(root, file)) for warning in self.warnings)


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Basis).decode


def encode_basis(basis: Basis) -> bytes:
    """JSON: an object of the fields of `Basis`."""
    return _encode(basis)


def decode_basis(raw: bytes) -> Basis:
    """Raises msgspec.MsgspecError if `raw` is not what `encode_basis` writes."""
    return _decode(raw)


def note_basis(
    site: Site, fingerprint: Fingerprint, pack: Pack, warnings: Iterable[Diagnostic], *, reads_clock: bool
) -> Basis:
    """The basis of a build of `site`, whose fingerprint was taken before the site was read.

    `reads_clock`: did one of its pages read `build_time`?
    """
    templates = pack.reads.templates if pack.reads else ()
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
        tuple(_move(warning, lambda file: _relative(site.root, file)) for warning in warnings),
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


def _digest_template(name: str, folders: list[str], real: list[str]) -> str:
    """The digest of the text of a template, looked for as the compiler does; empty where it finds or takes none."""
    file = next(filter(os.path.isfile, (f"{folder}/{name}" for folder in folders)), None)
    if file is None or ".." in name.split("/"):
        return ""
    path = Path(os.path.realpath(file))
    if not any(path.is_relative_to(folder) for folder in real):
        return ""
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    return digest(content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")).hex()


_LIBRARY: Final = os.path.dirname(os.__file__)


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


def _move(warning: Diagnostic, place: Callable[[str], str]) -> Diagnostic:
    return warning if warning.file is None else msgspec.structs.replace(warning, file=place(warning.file))
