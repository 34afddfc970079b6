"""`edgekit check --live`: nothing to find with docs/caches.md as it stands, and what is wrong where a line of it is."""

from pathlib import Path

import pytest

from tests.caches.chains import Chain, nginx_recipe, varnish_recipe
from tests.caches.programs import nginx, varnish
from tests.cli.command import Done, run
from tests.document import replaced
from tests.ports import reserved_port

PREMIUM_AND_VIP, BOTH_PREMIUM = (1, 2), (1, 4)


def check(chain: Chain, port: int, numbers: tuple[int, int], *arguments: str) -> Done:
    users = [f"--user=u{number}=cookie: {chain.site.cookie(number)}" for number in numbers]
    return run("check", "--live", f"http://127.0.0.1:{port}", "--store", chain.site.file, *users, *arguments)


def test_nothing_is_cached_wrongly(chain: Chain) -> None:
    chain.inner.empty()
    chain.outer.empty()
    done = check(chain, chain.outer_port, PREMIUM_AND_VIP, "--strict")
    assert (done.status, done.text[:27]) == (0, "nothing is cached wrongly: ")


KEPT = '    if (beresp.http.surrogate-control ~ "^max-age'
VARNISH = {
    "keeps-all": (
        {KEPT: f"    set beresp.ttl = 60s;\n    unset beresp.http.vary;\n    return (deliver);\n{KEPT}"},
        {},
        {"EK610"},
    ),
    "hands-out-and-believes": (
        {"    unset resp.http.surrogate-control;\n": ""},
        {"        unset req.http.x-user-segment;\n": "", "        unset req.http.x-user-id;\n": ""},
        {"EK620", "EK621"},
    ),
}
NGINX = {
    "keeps-all": (BOTH_PREMIUM, "        proxy_no_cache $not_kept;\n", "", "EK610"),
    "one-for-all-tiers": (PREMIUM_AND_VIP, '"$segment $host$request_uri"', "$host$request_uri", "EK610"),
    "hands-out": (PREMIUM_AND_VIP, "    proxy_hide_header surrogate-control;\n", "", "EK620"),
    "believes-tier": (PREMIUM_AND_VIP, "x-user-segment $segment;", "x-user-segment $http_x_user_segment;", "EK621"),
    "believes-user": (PREMIUM_AND_VIP, "x-user-id $user_id;", "x-user-id $user_id$http_x_user_id;", "EK621"),
}


def codes(chain: Chain, port: int, numbers: tuple[int, int] = PREMIUM_AND_VIP) -> set[str]:
    done = check(chain, port, numbers, "--pages=4", "--json")
    assert done.status == 1
    return {found["code"] for found in done.json["diagnostics"]}


@pytest.mark.parametrize(("segments", "public", "expected"), VARNISH.values(), ids=VARNISH)
def test_a_broken_varnish_is_found_out(
    chains: dict[str, Chain],
    tmp_path: Path,
    segments: dict[str, str],
    public: dict[str, str],
    expected: set[str],
) -> None:
    chain = chains["segments-varnish"]
    vcl = replaced(varnish_recipe(chain.site, tmp_path), segments)
    included = tmp_path / "shop.vcl"
    included.write_text(replaced(included.read_text(), public))
    with reserved_port() as port, varnish(tmp_path / "broken", vcl, port):
        assert expected <= codes(chain, port)


@pytest.mark.parametrize(("numbers", "old", "new", "code"), NGINX.values(), ids=NGINX)
def test_a_broken_nginx_is_found_out(
    chains: dict[str, Chain], tmp_path: Path, numbers: tuple[int, int], old: str, new: str, code: str
) -> None:
    chain = chains["segments-nginx"]
    with reserved_port() as port:
        conf = replaced(nginx_recipe(chain.site, tmp_path / "broken", port), {old: new})
        with nginx(tmp_path / "broken", conf, port):
            assert code in codes(chain, port, numbers)
