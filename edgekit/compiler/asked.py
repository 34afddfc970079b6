"""What one page asked for while it was compiled, in all its tiers and variants: found, missing, or broken."""

from typing import Final

import msgspec


class PageReads(msgspec.Struct, frozen=True):
    """What a page read, by the names of `names`.

    `templates` are names with the digest of `TemplateLoader`, empty where there is none; `others` are the names of all
    other reads. A page with findings has only some of them, its assets among these.
    """

    templates: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()


NOTHING_READ: Final = PageReads()


class Asked:
    """Filled by an environment, page after page.

    `own` is true once a page read what it does not share with the other pages of its template: `page`, or its item.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin with another page."""
        self.templates: dict[str, str] = {}
        self.others: set[str] = set()
        self.own = False

    def reads(self) -> PageReads:
        return PageReads(tuple(sorted(self.templates.items())), tuple(sorted(self.others)))
