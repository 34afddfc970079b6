"""Saving files of a site that another process watches."""

from pathlib import Path


def save(file: Path, text: str) -> None:
    """In one step, as most editors do: on a busy machine what is half written stays so until it has been built."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}")  # hidden, so that nothing is built for it
    aside.write_text(text)
    aside.replace(file)
