"""`edgekit init`: a small working site to start from."""

import shlex
import shutil
from pathlib import Path
from typing import Final

import click

from edgekit.cli.options import output_options
from edgekit.cli.output import Output
from edgekit.diagnostics.diagnostic import failure

STARTER: Final = Path(__file__).with_name("starter")


@click.command
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@output_options()
@click.pass_obj
def command(output: Output, folder: Path) -> None:
    """Write a small working site to DIR, a new or empty folder.

    \b
    edgekit init shop
    edgekit init .
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "is not empty" if folder.is_dir() else "is no folder"
        raise failure("EK481", f"`{folder}` {what}, so nothing was written", help="name a new or an empty folder")
    shutil.copytree(STARTER, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    written = "" if folder == Path() else f" {shlex.quote(str(folder))}"
    output.report(
        {"folder": str(folder)},
        f"wrote a site to {folder}; next:\n  edgekit check{written}\n  edgekit serve{written}",
    )
