"""What a release was built from: if all of it still is as it was, building again would give the same.

The fingerprint covers the site's folders. The rest is a list of what the build read or looked for elsewhere, with what
it found, so that nothing has to be loaded to look again.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.digest import digest
from edgekit.project.fingerprint import TEMPLATES, Fingerprint, digest_at


class Basis(msgspec.Struct, frozen=True):
    """What one build read, and what came of it: warnings, and counts of pages, fragments and assets.

    Paths are relative to the site folder. `paths` are the `[jinja] paths`. `templates` are names, with what
    `describe_template` gave, empty where nothing was found; `files` are places, with what `digest_at` gave. `clock` is
    the build time (ISO 8601) if a page read it. The files of `warnings` are relative to the site folder, too.
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
            and all(digest_at(os.path.join(root, file)) == found for file, found in self.files)
            and self._finds_templates(root)
        )

    def _finds_templates(self, root: Path) -> bool:
        own = [f"{root}/{TEMPLATES}", f"{root}"]
        folders = own + [os.path.realpath(os.path.join(root, path)) for path in self.paths]
        real = [os.path.realpath(folder) for folder in folders]
        return all(_find_template(root, name, folders, real) == found for name, found in self.templates)

    def warnings_at(self, root: Path) -> tuple[Diagnostic, ...]:
        """The build's warnings, of the site folder where it is now."""
        return tuple(
            warning
            if warning.file is None
            else msgspec.structs.replace(warning, file=os.path.normpath(f"{root}/{warning.file}"))
            for warning in self.warnings
        )


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Basis).decode


def encode_basis(basis: Basis) -> bytes:
    """JSON: an object of the fields of `Basis`."""
    return _encode(basis)


def decode_basis(raw: bytes) -> Basis:
    """Raises msgspec.MsgspecError if `raw` is not what `encode_basis` writes."""
    return _decode(raw)


def describe_template(root: Path, file: str, text: bytes) -> str:
    """The digest (hex) of a template's text, with the line ends that Jinja sees; a space; its file, for of two equal
    ones each has warnings of its own."""
    return f"{digest(text).hex()} {relative_name(root, file)}"


def relative_name(root: Path, file: str) -> str:
    """A file relative to the site folder, as text that JSON can hold: of a name that is none nothing will be found,
    which is no more than a build too much."""
    return os.fsencode(os.path.relpath(file, root)).decode(errors="backslashreplace")


def _find_template(root: Path, name: str, folders: list[str], real: list[str]) -> str:
    """A template described, looked for as the compiler does; empty where it finds or takes none."""
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
    return describe_template(root, file, content.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
