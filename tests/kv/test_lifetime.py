"""Whatever is done to releases, in whatever order: the current one answers its bytes, and nothing is damaged."""

import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.kv.compact import compact
from edgekit.kv.prune import prune
from edgekit.kv.releases import current_release, list_releases, rollback
from edgekit.kv.store import open_store
from edgekit.kv.transfer import export_release, import_release
from edgekit.kv.verify import verify
from edgekit.model.keys import ASSETS
from tests.kv.packs import NOW, build, make_fragments, make_store, pages_of, release_and_users, release_of
from tests.scale import scaled

VERSIONS = ("one", "two", "three", "four")
NAMES = {release_of(version): version for version in VERSIONS}

steps = st.one_of(
    st.tuples(st.just("build"), st.sampled_from(VERSIONS)),
    st.tuples(st.just("import"), st.sampled_from(VERSIONS)),
    st.tuples(st.just("rollback"), st.integers(0, 3)),
    st.tuples(st.just("prune"), st.integers(1, 3)),
    st.tuples(st.just("compact"), st.just(0)),
)


@settings(max_examples=scaled(25))
@given(st.lists(steps, min_size=1, max_size=8))
def test_the_current_release_answers_after_any_sequence(sequence: list[tuple[str, str | int]]) -> None:
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        path = make_store(Path(folder) / "edge.lmdb", "one")
        expected = "one"
        for step, argument in sequence:
            with open_store(path) as store:
                if step == "build":
                    build(store, str(argument))
                    expected = str(argument)
                elif step == "import":
                    import_release(store, io.BytesIO(_file_of(str(argument))), file="r", now=NOW)
                    expected = str(argument)
                elif step == "rollback":
                    kept = list_releases(store)
                    release = kept[int(argument) % len(kept)].release
                    rollback(store, release, NOW)
                    expected = NAMES[release]
                elif step == "prune":
                    prune(store, int(argument))
                    assert len(list_releases(store)) <= int(argument) + 1
            if step == "compact":
                compact(path)
            with open_store(path) as store:
                assert release_and_users(store) == (release_of(expected), [b"u0", b"u1"])
                pages = pages_of(store)
                own = {(f.namespace, f.key): f.body for f in make_fragments(expected)}
                assert {place: body for place, body in pages.items() if place[0] != ASSETS or place in own} == own
                with store.snapshot() as snapshot:
                    assert current_release(snapshot) in {entry.release for entry in list_releases(store)}
            assert verify(path) == ()


_files: dict[str, bytes] = {}


def _file_of(version: str) -> bytes:
    if version not in _files:
        written = io.BytesIO()
        with (
            tempfile.TemporaryDirectory() as folder,
            open_store(make_store(Path(folder) / "edge.lmdb", version)) as store,
        ):
            export_release(store, None, written.write)
        _files[version] = written.getvalue()
    return _files[version]


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
