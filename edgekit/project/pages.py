"""`pages/**/*.html`: which URL paths the site has, and the template and item that make each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.keys import MAX_KEY_BYTES, page_key
from edgekit.model.path import MAX_PATH_BYTES, encode_path, is_reserved, segment_fault
from edgekit.project.config import PageTable
from edgekit.project.files import list_files
from edgekit.project.frozen import FrozenDict
from edgekit.project.items import is_item_name, read_items
from edgekit.project.problems import Problems
from edgekit.project.site import Page
from edgekit.project.toml import TomlFile, note

FOLDER: Final = "pages"
ERROR_PAGES: Final = {"404.html": "404", "503.html": "503"}
"""File in `pages/` → the page's path: without a slash, so that no URL names it."""

_PARAMETER: Final = re.compile(r"\[([^\[\]]+)\]")


@dataclass(frozen=True, slots=True)
class Template:
    """A file of `pages/`; `name` is relative to that folder, `segments` are the path's, `[names]` included."""

    name: str
    file: Path
    segments: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(match[1] for segment in self.segments if (match := _PARAMETER.fullmatch(segment)))

    def path(self, params: Mapping[str, str]) -> str:
        filled = (params[match[1]] if (match := _PARAMETER.fullmatch(s)) else s for s in self.segments)
        return "/" + "/".join(filled)


def read_pages(
    root: Path,
    tables: Mapping[str, PageTable],
    data: FrozenDict,
    tiers: tuple[str, ...],
    toml: TomlFile,
    problems: Problems,
) -> tuple[Page, ...]:
    """All pages, sorted by path; those with problems are left out, the problems noted.

    `data` may lack the files that could not be read: their problems are noted already.
    """
    files = [(name, file) for name, file in list_files(root, FOLDER, problems) if name.endswith(".html")]
    if not files:
        problems.add(
            "EK108",
            "the site has no pages",
            help="write the first one to `pages/index.html`",
            file=root / FOLDER,
        )
    names = [name for name, _ in files]
    for name in tables:
        if name not in names:
            note(
                problems,
                toml,
                ("pages", name),
                "EK142",
                f"there is no page `pages/{name}`{did_you_mean(name, names)}",
                help='name a file of `pages/` with its ending, such as `[pages."product/[sku].html"]`',
            )
    suffix = max((page_key("", tier) for tier in tiers), key=len, default="")
    pages: dict[str, Page] = {}
    for name, file in files:
        template = _read_template(name, file, problems)
        if template is None:
            continue
        for page in _expand(template, tables.get(name, PageTable()), data, toml, problems):
            # One problem a template: the pages that follow most likely have the same.
            if fault := _path_fault(page.path, suffix):
                problems.add("EK401", f"`pages/{name}` makes `{page.path}`: {fault}", help="rename it", file=file)
                break
            if page.path in pages:
                first = pages[page.path].template
                what, help = f"`{first}` and `{page.template}` both make `{page.path}`", "rename one of them"
                if page.params:
                    fields = " and ".join(f"`{name}`" for name in page.params)
                    what = f"`{page.template}` makes `{page.path}` for two items" if first == page.template else what
                    help = f"give every item of `{tables[name].each}` {fields} of its own, or rename the file"
                problems.add("EK402", what, help=help, file=file)
                break
            pages[page.path] = page
    return tuple(pages[path] for path in sorted(pages))


def _read_template(name: str, file: Path, problems: Problems) -> Template | None:
    segments = tuple(name.removesuffix(".html").split("/"))
    if segments[-1] == "index":
        segments = segments[:-1]
    for segment in segments:
        bracketed = bool(_PARAMETER.fullmatch(segment))
        fault = None if bracketed else segment_fault(segment)
        if not bracketed and ("[" in segment or "]" in segment):
            fault = "a parameter is a whole segment, such as `[sku]`"
        if fault:
            problems.add(
                "EK401", f"`pages/{name}` cannot be a page: {fault}", help="rename the file or folder", file=file
            )
            return None
    return Template(name, file, segments)


def _expand(
    template: Template, table: PageTable, data: FrozenDict, toml: TomlFile, problems: Problems
) -> Iterator[Page]:
    """The template's one page, or one for each item of its `each` list."""
    name = template.name
    keys = ("pages", name)
    whole = f"{FOLDER}/{name}"
    parameters = template.parameters
    if not parameters:
        if table.each is not None:
            note(
                problems,
                toml,
                (*keys, "each"),
                "EK143",
                f"`{whole}` has no `[parameter]`, so `each` would make one path many times",
                help="name the file after a field of the items, such as `[sku].html`, or remove `each`",
            )
        path = ERROR_PAGES.get(name) or template.path({})
        yield Page(path, whole, FrozenDict(), delivery=table.delivery)
        return
    if table.each is None:
        note(
            problems,
            toml,
            keys,
            "EK143",
            f"`{whole}` has a parameter, but nothing says for which values it is made",
            help=f'add `[pages."{name}"]` with `each = "data.<list of tables>"`',
        )
        return
    if not is_item_name(table.item_name):
        note(
            problems,
            toml,
            (*keys, "as"),
            "EK145",
            f"the item of `{whole}` cannot be called `{table.item_name}`",
            help="choose a name of letters, digits and `_` that edgekit and Jinja do not use, such as `product`",
        )
        return
    items = read_items(table.each, data, (*keys, "each"), "EK143", toml, problems)
    for number, item in enumerate(items, 1):
        params = {}
        for parameter in parameters:
            fault = _param_fault(item, parameter)
            if fault:
                note(
                    problems,
                    toml,
                    (*keys, "each"),
                    "EK144",
                    f"item {number} of `{table.each}` {fault}",
                    help=f"every item needs a `{parameter}` that can stand in a URL: `{whole}` is made for each",
                )
                return
            params[parameter] = str(item[parameter])
        yield Page(template.path(params), whole, FrozenDict(params), table.item_name, item, table.delivery)


def _param_fault(item: FrozenDict, parameter: str) -> str | None:
    if parameter not in item:
        return f"has no `{parameter}`{did_you_mean(parameter, item)}"
    value = item[parameter]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return f"has a `{parameter}` that is neither a string nor an integer"
    fault = segment_fault(str(value))
    return f"has the `{parameter}` `{value}`: {fault}" if fault else None


def _path_fault(path: str, key_suffix: str) -> str | None:
    if is_reserved(path):
        return "`/static/` and `/_edgekit/` are edgekit's own"
    if len((path + key_suffix).encode()) > MAX_KEY_BYTES or len(encode_path(path)) > MAX_PATH_BYTES:
        return f"with the tier's name it is longer than a store's key, {MAX_KEY_BYTES} bytes"
    return None
