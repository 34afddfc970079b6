"""`[origin]`: what the application behind a site answers (contract, sections 3 and 12)."""

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """`url` is scheme, host and perhaps a port; with `fallback` it gets all paths that nothing else answers.

    `paths` are as requests have them, percent-encoded; a `*` at the end of one is any rest.
    """

    url: str
    paths: tuple[str, ...] = ()
    fallback: bool = False


def matches(pattern: str, path: str) -> bool:
    """Is `path` the pattern's, or one of them? Both as they came, or both decoded."""
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
