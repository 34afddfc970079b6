"""What `serve` does before its first answer: sample users, who is asked for, and the line that says where it is."""

from pathlib import Path

from edgekit.cli.output import Output
from edgekit.diagnostics.text import format_amount
from edgekit.kv.releases import current_manifest
from edgekit.kv.store import open_store
from edgekit.kv.user_import import import_users
from edgekit.kv.users import count_users
from edgekit.model.expiry import NEVER
from edgekit.model.manifest import Identity


def announce(output: Output, host: str, port: int) -> None:
    """Print the URL that is answered."""
    address = f"[{host}]" if ":" in host else host
    output.line(f"http://{address}:{port}")
    output.flush()


def read_identity(store: Path) -> Identity:
    """How the store's release knows its users. If nothing is published the server says so."""
    with open_store(store) as opened, opened.snapshot() as snapshot:
        manifest = current_manifest(snapshot)
    return manifest.identity if manifest else Identity()


def import_sample(output: Output, store: Path, file: Path) -> None:
    """Import the users of a file, if it is there and the store has none. They never expire."""
    with open_store(store) as opened:
        if not file.exists() or count_users(opened):
            return
        with file.open("rb") as stream:
            imported = import_users(opened, stream, "jsonl", file=str(file), expires=NEVER)
    output.note(f"imported {format_amount(imported.imported, 'sample user')} from {file.name}")
