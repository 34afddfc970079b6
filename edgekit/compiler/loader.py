"""Where templates come from: Jinja's loader over a site's folders, with the digest of each text that it handed out."""

from collections.abc import Callable

from jinja2 import Environment, FileSystemLoader

from edgekit.model.digest import digest
from edgekit.project.site import Site


class SiteLoader(FileSystemLoader):
    """`digests` has the names of the templates that were loaded with the digest (hex) of their text then."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.template_folders, encoding="utf-8")
        self.digests: dict[str, str] = {}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source = super().get_source(environment, template)
        # A template is compiled from what is read first; a finding may read it again to show a line.
        self.digests.setdefault(template, digest(source[0].encode()).hex())
        return source
