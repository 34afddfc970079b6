"""One digest of a site's folders and of what builds it, made without reading the site: equal ones, equal builds.

Contents count, not times. What a build reads beside these folders (other templates, the site's own Python) it notes
when it has read it: `basis`.
"""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from edgekit.project.config import CONFIG_NAME
from edgekit.project.toolchain import loaded_toolchain

TEMPLATES: Final = "templates"
FOLDERS: Final = ("data", "islands", "pages", "segments", "static", TEMPLATES)
FILES: Final = (CONFIG_NAME, "users.jsonl")

FOLDER_MARK: Final = "/"
"""What stands in a digest's place for a folder; for nothing at all, or what nobody can read, it is empty."""
_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CHUNK: Final = 1024 * 1024


class Fingerprint(NamedTuple):
    """`whole` is false if a folder holds what was not looked into, such as a link that leaves the site.

    `moment` (hex) tells two looks at equal files apart if one was written between them: it is of the times at which
    the system last saw each change. Nobody can set these back, and no two copies of a site have the same.
    """

    digest: str
    whole: bool
    moment: str


def fingerprint_site(root: Path) -> Fingerprint:
    """The fingerprint of the site folder `root` (absolute, without links).

    Hidden files do not count, as everywhere in a site. A link counts with its target and with what lies there, if that
    is in the site folder. Raises nothing: what cannot be read counts as that.
    """
    walk = _Walk(os.fspath(root))
    for name in FILES + FOLDERS:
        walk.add(f"{root}/{name}", name)
    return walk.finish()


def digest_at(path: str) -> str:
    """The digest (hex) of a regular file's content, FOLDER_MARK, or nothing; links are followed."""
    real = os.path.realpath(path)
    return FOLDER_MARK if os.path.isdir(real) else digest_file(real) or ""


def digest_file(file: str) -> str | None:
    """The digest (hex) of the content of a regular file, which is no link; None if there is none to read."""
    try:
        descriptor = os.open(file, _OPEN)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        whole = hashlib.sha256()
        while chunk := os.read(descriptor, _CHUNK):
            whole.update(chunk)
        return whole.hexdigest()
    except OSError:
        return None
    finally:
        os.close(descriptor)


class _Walk:
    """Goes through folders below `root`, each once however many links lead to it. Lives as long as one fingerprint."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.whole = True
        self.noted: list[bytes] = []
        self.times: list[int] = []
        self.waiting: list[str] = []
        self.seen: set[str] = set()

    def add(self, path: str, name: str) -> None:
        """Note a path below `root`, whatever it is; `name` is relative to `root`."""
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            self._note("nothing", name)
            return
        self._add(path, name, link=stat.S_ISLNK(mode), folder=stat.S_ISDIR(mode))
        while self.waiting:
            self._add_folder(self.waiting.pop())

    def finish(self) -> Fingerprint:
        whole = hashlib.sha256(loaded_toolchain().encode())
        whole.update(b"".join(self.noted))
        moment = hashlib.sha256(repr(self.times).encode())
        return Fingerprint(whole.hexdigest(), self.whole, moment.hexdigest())

    def _add_folder(self, folder: str) -> None:
        try:
            with os.scandir(folder) as entries:
                found = sorted((entry for entry in entries if entry.name[0] != "."), key=_name)
        except OSError:
            self._note("closed", folder[len(self.root) + 1 :])
            self.whole = False
            return
        prefix = len(self.root) + 1
        for entry in found:
            path = entry.path
            self._add(path, path[prefix:], link=entry.is_symlink(), folder=entry.is_dir(follow_symlinks=False))

    def _add(self, path: str, name: str, *, link: bool, folder: bool) -> None:
        with suppress(OSError):  # it is gone: nothing can be read of it either
            self.times.append(os.lstat(path).st_ctime_ns)
        if link:
            self._add_link(path, name)
        elif folder:
            self._note("folder", name)
            if path not in self.seen:
                self.seen.add(path)
                self.waiting.append(path)
        elif (content := digest_file(path)) is not None:
            self._note("file", name, content)
        else:
            self._note("closed", name)
            self.whole = False

    def _add_link(self, path: str, name: str) -> None:
        real = os.path.realpath(path)
        target = os.path.relpath(real, self.root)
        self._note("link", name, target)
        if not real.startswith(f"{self.root}/") or os.path.islink(real):
            self.whole = False
        else:
            self._add(real, target, link=False, folder=os.path.isdir(real))

    def _note(self, *parts: str) -> None:
        # No part holds a null character, and a kind has always as many parts: no two folders are noted alike.
        self.noted.append(b"\0".join(map(os.fsencode, parts)) + b"\0")


def _name(entry: "os.DirEntry[Any]") -> str:
    return str(entry.name)
