"""The files that a check is asked about, and what they are to the pages of a site."""

import os
from collections.abc import Iterable
from pathlib import Path

from edgekit.compiler.asked import PageReads
from edgekit.compiler.names import ASSET, TEMPLATE, split_read
from edgekit.project.config import CONFIG_NAME
from edgekit.project.data import FOLDER as DATA
from edgekit.project.inputs import list_inputs
from edgekit.project.pages import FOLDER as PAGES
from edgekit.project.site import Site
from edgekit.project.tiers import FOLDER as SEGMENTS

_Identity = tuple[int, int]
"""Device and inode: links and spellings that lead to one file have one."""


class NamedFiles:
    """`everything` is true if any page may depend on one of them. A file need not be there (any more)."""

    def __init__(self, site: Site, files: Iterable[Path]) -> None:
        self._site = site
        self._folders = tuple(map(str, site.template_folders))
        self._names: set[str] = set()
        self._files: set[_Identity] = set()
        self._templates: dict[str, bool] = {}
        self.everything = False
        inputs = _identify([*list_inputs(site.root), *site.jinja.functions.sources])
        for file in files:
            self._add(file, inputs)

    def _add(self, file: Path, inputs: set[_Identity]) -> None:
        root = self._site.root
        places = {Path(os.path.abspath(file)), file.parent.resolve() / file.name, file.resolve()}
        identity = _identify([file])
        self._files |= identity
        for folder in self._site.template_folders:
            self._names |= {place.relative_to(folder).as_posix() for place in places if place.is_relative_to(folder)}
        if identity & inputs or any(
            place == root / CONFIG_NAME or place.parent in (root / SEGMENTS, root / DATA) for place in places
        ):
            self.everything = True
        elif not identity:
            # What is gone may have been imported by the site's functions, or linked to by any page.
            module = file.suffix == ".py" and bool(self._site.jinja.functions.sources)
            self.everything |= module or any(place.is_relative_to(root / PAGES) for place in places)

    def add_name(self, name: str) -> None:
        """Name what templates know by this name, too."""
        self._names.add(_without_dots(name))
        self._templates.clear()

    def holds_template(self, name: str) -> bool:
        """Is one of the files what a template finds by this name, or found, or could find if it were there?"""
        if name not in self._templates:
            plain = _without_dots(name)
            found = (_identify([os.path.join(folder, plain)]) for folder in self._folders)
            self._templates[name] = plain in self._names or not self._files.isdisjoint(next(filter(None, found), ()))
        return self._templates[name]

    def holds_asset(self, name: str) -> bool:
        """Is one of the files `static/{name}`?"""
        asset = self._site.assets.get(name)
        return f"static/{name}" in self._names or (
            asset is not None and not self._files.isdisjoint(_identify([asset.file]))
        )

    def hold(self, kind: str, name: str) -> bool:
        """Is one of the files what this read reads?"""
        return self.holds_template(name) if kind == TEMPLATE else kind == ASSET and self.holds_asset(name)

    def concern(self, reads: PageReads) -> bool:
        """Does a page that asked for this depend on one of the files?"""
        return (
            self.everything
            or any(self.holds_template(name) for name, _ in reads.templates)
            or any(self.hold(*split_read(read)) for read in reads.others)
        )


def _without_dots(name: str) -> str:
    """A template's name without the empty and `.` parts, which Jinja's loader skips."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _identify(files: Iterable[Path | str]) -> set[_Identity]:
    """The identities of those that are there."""
    found = set()
    for file in files:
        try:
            status = os.stat(file)
        except (OSError, ValueError):  # ValueError: a name with a null character
            continue
        found.add((status.st_dev, status.st_ino))
    return found
