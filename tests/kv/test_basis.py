"""What a store knows of what its current release was built from."""

from pathlib import Path

from edgekit.kv.publish import forget_basis, publish, publish_again
from edgekit.kv.releases import current_basis, current_release
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.verify import verify
from edgekit.model.keys import EDGEKIT, built_key
from edgekit.project.basis import Basis, encode_basis
from tests.kv.packs import NOW, build, make_fragments, make_pack, release_of

BASIS = Basis("f1", (), (("later.html", ""),), (("../shop.py", "f2"),), None, (), 1, 2, 3)


def basis_of(store: LmdbStore) -> Basis | None:
    with store.snapshot() as snapshot:
        return current_basis(snapshot)


def test_an_empty_store_knows_nothing(path: Path) -> None:
    with open_store(path, create=True) as store:
        forget_basis(store)
        assert basis_of(store) is None
        assert publish_again(store, release_of("old"), NOW) is None


def test_a_release_has_the_basis_of_its_last_build(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        publish(store, make_pack(make_fragments("old")), NOW, BASIS)
        assert basis_of(store) == BASIS
        build(store, "new")
        assert basis_of(store) is None
        publish(store, make_pack(make_fragments("old")), NOW)
        assert basis_of(store) is None


def test_only_the_current_release_forgets_its_basis(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        build(store, "new")
        publish(store, make_pack(make_fragments("old")), NOW, BASIS)
        publish(store, make_pack(make_fragments("new")), NOW, BASIS)
        forget_basis(store)
        assert basis_of(store) is None
        with store.snapshot() as snapshot:
            assert snapshot.get(EDGEKIT, built_key(release_of("old"))) == encode_basis(BASIS)


def test_a_basis_that_cannot_be_read_is_damage(path: Path) -> None:
    with open_store(path, create=True) as store:
        publish(store, make_pack([]), NOW, BASIS)
        assert verify(path) == ()
        with store.write() as txn:
            txn.put(EDGEKIT, built_key(make_pack([]).release), b"{")
        assert [found.code for found in verify(path)] == ["EK446"]


def test_only_the_current_release_is_published_again(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        build(store, "new")
        assert publish_again(store, release_of("old"), NOW) is None
        published = publish_again(store, release_of("new"), NOW)
        assert published is not None
        assert published.release == published.previous == release_of("new")
        with store.snapshot() as snapshot:
            assert current_release(snapshot) == release_of("new")
