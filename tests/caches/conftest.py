"""All four configurations of docs/caches.md, running; a test asks one of them through its chain."""

import shutil
from collections.abc import Iterator

import pytest

from tests.caches.chains import Chain, all_chains

NAMES = ("public-varnish", "public-nginx", "segments-varnish", "segments-nginx")


@pytest.fixture(scope="package")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Chain]]:
    for program, package in (("varnishd", "varnish"), ("nginx", "nginx"), ("setpriv", "util-linux")):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}: `apt install {package}`")
    with all_chains(tmp_path_factory.mktemp("caches")) as made:
        yield made


@pytest.fixture(params=NAMES)
def chain(request: pytest.FixtureRequest, chains: dict[str, Chain]) -> Chain:
    return chains[request.param]


@pytest.fixture(params=NAMES[2:])
def sharing(request: pytest.FixtureRequest, chains: dict[str, Chain]) -> Chain:
    """Where a tier's pages are kept."""
    return chains[request.param]
