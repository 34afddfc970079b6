from pathlib import Path

import pytest

from tests.cli.command import run, write_shop


@pytest.fixture(autouse=True)
def _no_store_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EDGEKIT_STORE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with the shop in `site/`."""
    monkeypatch.chdir(tmp_path)
    write_shop(tmp_path / "site")
    return tmp_path


@pytest.fixture
def built(shop: Path) -> Path:
    """The same, published to `build/edge.lmdb`, with its two users."""
    assert run("build", "-q").status == 0
    assert run("users", "import", "site/users.jsonl", "-q").status == 0
    return shop
