"""Reading the files of a site folder: bounded, UTF-8, and never out of the folder through a link."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from edgekit.project.problems import Problems

_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not make us wait for its writer


def read_bytes(file: Path, limit: int, problems: Problems) -> bytes | None:
    """The bytes of a regular file of at most `limit` bytes; None, with a problem noted, where there are none."""
    try:
        with os.fdopen(os.open(file, _OPEN), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                problems.add("EK102", f"`{file.name}` is no regular file", help="put an ordinary file there", file=file)
                return None
            content = opened.read(limit + 1)
    except OSError as error:
        problems.add(
            "EK102",
            f"`{file.name}` cannot be read: {error.strerror}",
            help="check that the file exists and that you may read it",
            file=file,
        )
        return None
    if len(content) > limit:
        problems.add(
            "EK104",
            f"`{file.name}` is larger than {limit:,} bytes",
            help="make the file smaller, or keep it outside the site",
            file=file,
        )
        return None
    return content


def read_text(file: Path, limit: int, problems: Problems) -> str | None:
    """The text of a UTF-8 file (with or without a byte order mark); None, with a problem noted, where there is none."""
    content = read_bytes(file, limit, problems)
    if content is None:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.add("EK103", f"`{file.name}` is not UTF-8 text", help="save the file as UTF-8", file=file, line=line)
        return None


def list_files(root: Path, folder: str, problems: Problems, *, deep: bool = True) -> list[tuple[str, Path]]:
    """The files below `root/folder` as (name relative to the folder, file), sorted by name; hidden ones are skipped.

    A folder that is missing is empty. Links that leave `root`, or that lead a folder into itself, and special files
    are noted as problems.
    """
    start = root / folder
    if not start.exists() and not start.is_symlink():
        return []
    if not start.is_dir():
        problems.add("EK102", f"`{folder}` is no folder", help=f"`{folder}` must be a folder", file=start)
        return []
    if not _real(start).is_relative_to(root):
        _refuse_link(start, "leads out of the site folder", problems)
        return []
    return sorted(_walk(root, start, "", (_real(start),), problems, deep=deep))


def _walk(
    root: Path, folder: Path, prefix: str, above: tuple[Path, ...], problems: Problems, *, deep: bool
) -> Iterator[tuple[str, Path]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if entry.name[0] != "."), key=lambda entry: entry.name)
    except OSError as error:
        problems.add(
            "EK102",
            f"the folder `{folder.name}` cannot be read: {error.strerror}",
            help="check that you may read the folder",
            file=folder,
        )
        return
    for entry in found:
        name = entry.name
        file = folder / name
        if not is_text(name):
            shown = os.fsencode(name).decode(errors="backslashreplace")
            problems.add("EK103", f"the name of `{shown}` is not UTF-8", help="rename it", file=folder)
            continue
        # What the folder's listing tells of a file is not asked again: that would cost most of the walk. Of a link that
        # leads to itself only the path can tell what it is.
        link = entry.is_symlink()
        told = file if link else entry
        real = _real(file) if link else None
        if real is not None and not real.is_relative_to(root):
            _refuse_link(file, "leads out of the site folder", problems)
        elif told.is_dir():
            real = real or above[-1] / name
            if real in above:
                _refuse_link(file, "leads back to a folder that contains it", problems)
            elif deep:
                yield from _walk(root, file, f"{prefix}{name}/", (*above, real), problems, deep=True)
        elif told.is_file():
            yield prefix + name, file
        elif real is not None and not real.exists():
            _refuse_link(file, "leads nowhere", problems)
        else:
            problems.add(
                "EK105", f"`{prefix}{name}` is no regular file", help="remove it from the site folder", file=file
            )


def _real(file: Path) -> Path:
    """Where a path leads; unlike Path.resolve, this takes links that lead to themselves."""
    return Path(os.path.realpath(file))


def _refuse_link(file: Path, how: str, problems: Problems) -> None:
    problems.add("EK105", f"the link `{file.name}` {how}", help="put a copy of the files there instead", file=file)


def is_text(name: str) -> bool:
    """Is a file's name UTF-8 on disk? No site may have others."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
