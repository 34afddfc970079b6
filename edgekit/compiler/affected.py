"""Which pages have to be compiled to know what some files have done to them.

A page that the last build published, and all of whose inputs and templates are what they were, asks for the same as
then: the build's record says whether it depends on a file. Of every other page only compiling tells.
"""

from typing import Final

from jinja2 import TemplateNotFound

from edgekit.compiler.loader import TemplateLoader, UnreadableTemplateError
from edgekit.compiler.named import NamedFiles
from edgekit.model.digest import digest
from edgekit.model.reads import Reads
from edgekit.project.site import Page, Site

_UNREADABLE: Final = "unreadable"
"""In the place of a digest, for a template that is there but cannot be read."""


def find_affected(site: Site, files: NamedFiles, reads: Reads) -> tuple[Page, ...]:
    """Those pages, in the order of `site.all_pages()`; `reads` is what a build of the same inputs wrote down.

    Templates and assets that it read and that are gone are added to `files`: to a hook, version control names only
    files that are there.
    """
    assert reads.inputs == site.inputs
    pages = site.all_pages()
    now = _read_digests(site, reads)
    for (name, before), is_now in zip(reads.templates, now, strict=True):
        if before and not is_now:
            files.add_name(name)
    for name in {name for group in reads.readers for name in group.assets} - site.assets.keys():
        files.add_name(f"static/{name}")
    stirred = {
        number
        for number, (name, before) in enumerate(reads.templates)
        if before != now[number] or files.holds_template(name)
    }
    stirred_assets = set(filter(files.holds_asset, {name for group in reads.readers for name in group.assets}))
    built: set[str] = set()
    settled: set[str] = set()
    for group in reads.readers:
        built.update(group.paths)
        if group.settled and stirred.isdisjoint(group.templates) and stirred_assets.isdisjoint(group.assets):
            settled.update(group.paths)
    if not built.issubset(page.path for page in pages):
        files.everything = True  # a page is gone: any other may link to it
    return pages if files.everything else tuple(page for page in pages if page.path not in settled)


def _read_digests(site: Site, reads: Reads) -> list[str]:
    """The digests of the templates as they are now; empty for one that is not there."""
    loader = TemplateLoader(site)
    digests = []
    for name, _ in reads.templates:
        try:
            digests.append(digest(loader.read(name)[0].encode()).hex())
        except TemplateNotFound:
            digests.append("")
        except UnreadableTemplateError:
            digests.append(_UNREADABLE)
    return digests
