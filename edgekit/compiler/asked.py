"""What one page asked for while it was compiled, in all its tiers and variants: found, missing, or broken.

`own` is true once it read what it does not share with the other pages of its template: `page`, or its item.
"""

from edgekit.model.reads import PageReads


class Asked:
    """Filled by an environment, page after page."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin with another page."""
        self.templates: dict[str, str] = {}
        self.assets: dict[str, None] = {}
        self.settled = True
        self.own = False

    def reads(self) -> PageReads:
        return PageReads(tuple(sorted(self.templates.items())), tuple(sorted(self.assets)), self.settled)
