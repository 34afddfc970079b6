"""`serve --production`, and what render and check do where tokens or cookies tell the user."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import jwt
import pytest

from edgekit.kv.store import open_store
from edgekit.model.keys import USER_SEGMENTS
from tests.cli.command import CONFIG, Done, run, write_shop
from tests.cli.serving import get, serving

SECRET = "a secret of 64 bytes, as HS512 wants it, and not a byte less!!!!"
JWT = """
[identity]
mode = "jwt"
issuer = "https://login.example/"
audience = "shop"
algorithms = ["HS256"]
[identity.claims]
name = "given_name"
tier = "plan"
"""
COOKIE = '\n[identity]\nmode = "cookie"\ncookie = "session"\n'
PROXY = '\n[identity]\ntrusted_proxies = ["127.0.0.1/32"]\n'


def shop(folder: Path, identity: str) -> Path:
    write_shop(folder / "site", {"edgekit.toml": CONFIG + identity})
    return folder


def token(user: str, **claims: str) -> str:
    told = {"iss": "https://login.example/", "aud": "shop", "exp": time.time() + 600, "sub": user, **claims}
    return jwt.encode(told, SECRET, "HS256")


def run_in(folder: Path, *arguments: str, **environment: str) -> Done:
    with contextlib.chdir(folder), mock.patch.dict(os.environ, environment):
        return run(*arguments)


def refused(folder: Path, *arguments: str, **environment: str) -> Done:
    done = run_in(folder, "serve", "--port", "0", *arguments, **environment)
    assert done.status == 2
    return done


def codes(done: Done) -> list[str]:
    return [line.split()[0] for line in done.err.splitlines() if line.startswith("EK")]


def test_production_says_everything_that_is_missing_at_once(tmp_path: Path) -> None:
    done = refused(shop(tmp_path, ""), "--production")
    assert codes(done) == ["EK460", "EK460"]
    assert "`identity.trusted_proxies` is not written" in done.err
    assert "EDGEKIT_PROXY_SECRET is not set" in done.err


def test_production_refuses_a_cookie_that_anybody_can_write(tmp_path: Path) -> None:
    folder = shop(tmp_path, COOKIE + "insecure = true\n")
    done = refused(folder, "--production", EDGEKIT_COOKIE_SECRET=SECRET)
    assert codes(done)[-1] == "EK460"
    assert "`identity.insecure` is set" in done.err


@pytest.mark.parametrize(("identity", "name"), [(JWT, "EDGEKIT_JWT_SECRET"), (COOKIE, "EDGEKIT_COOKIE_SECRET")])
def test_without_its_secret_or_with_a_short_one_no_server_starts(tmp_path: Path, identity: str, name: str) -> None:
    folder = shop(tmp_path, identity)
    assert f"EK460 {name} is not set" in refused(folder).err
    short = refused(folder, **{name: "correct horse"})
    assert f"EK460 {name} has 13 bytes" in short.err
    assert "correct horse" not in short.err


def test_production_and_watch_do_not_go_together(tmp_path: Path) -> None:
    done = refused(shop(tmp_path, ""), "--production", "--watch")
    assert "--watch is for development." in done.err


def test_production_behind_a_proxy_with_a_secret(tmp_path: Path) -> None:
    folder = shop(tmp_path, PROXY)
    with serving("--port", "0", "--production", cwd=folder, EDGEKIT_PROXY_SECRET=SECRET) as url:
        with open_store(folder / "build/edge.lmdb") as store, store.snapshot() as snapshot:
            assert list(snapshot.scan(USER_SEGMENTS)) == []  # no sample users
        assert run("users", "put", "u1", '{"name": "Ada"}', "--store", folder / "build/edge.lmdb").status == 0
        believed = {"x-user-id": "u1", "x-edgekit-proxy-secret": SECRET}
        assert "Hello Ada" in get(url, headers=believed).text
        assert "Hello there" in get(url, headers={"x-user-id": "u1"}).text
        for path in ("/_edgekit/inspector", "/_edgekit/watch/state", "/?_user=u1&_tier=vip"):
            answer = get(url + path)
            assert "Ada" not in answer.text
            assert (answer.status_code == 404) == path.startswith("/_edgekit/")


def test_an_insecure_cookie_warns_where_the_store_alone_is_served(tmp_path: Path) -> None:
    folder = shop(tmp_path, COOKIE + "insecure = true\n")
    built = run_in(folder, "build")
    assert built.status == 0
    assert "EK155 warning: `identity.insecure` is set" in built.err
    assert "EK155" in run_in(folder, "check").text
    (folder / "elsewhere").mkdir()
    (folder / "build").rename(folder / "elsewhere/build")
    with mock.patch("edgekit.cli.serve.serve") as server:
        done = run_in(folder / "elsewhere", "serve", "--port", "0")
    assert server.call_count == 1
    assert "EK155 warning: `identity.insecure` is set" in done.err


def test_a_named_store_that_is_not_there_is_missed_and_not_the_site(tmp_path: Path) -> None:
    done = run_in(tmp_path, "serve", "--production", "--store", "edge.lmdb")
    assert done.status == 2
    assert done.err.startswith(f"EK423 there is no store at `{tmp_path / 'edge.lmdb'}`\n    help: ")
    assert "`edgekit releases import`" in done.err


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = shop(tmp_path_factory.mktemp("tokens"), JWT)
    with serving("--port", "0", "--production", cwd=folder, EDGEKIT_JWT_SECRET=SECRET) as url:
        yield folder, url


def test_a_token_tells_the_user_and_claims_need_no_record(served: tuple[Path, str]) -> None:
    _, url = served
    headers = {"authorization": f"Bearer {token('u7', given_name='Eve', plan='vip')}"}
    text = get(url, headers=headers).text
    assert "Gold" in text
    assert "Hello Eve" in text


def test_render_is_the_user_without_a_token(served: tuple[Path, str]) -> None:
    folder, _ = served
    store = folder / "build/edge.lmdb"
    assert run("users", "put", "u5", '{"name": "Ada", "tier": "vip", "points": 7}', "--store", store).status == 0
    shown = run("render", "/", "--user", "u5", "--store", store).text
    assert "Gold" in shown
    assert "Hello Ada, 7 points" in shown
    assert "Hello Ida" in run("render", "/", "--set", "user.name=Ida", "--store", store).text


def test_check_live_with_tokens(served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, url = served
    users = [
        f"u8=authorization: Bearer {token('u8', given_name='Ada', plan='vip')}",
        f"u9=authorization: Bearer {token('u9', given_name='Grace', plan='free')}",
    ]
    command = ["check", "--live", url, "--store", str(folder / "build/edge.lmdb")]
    asked = [*command, "--user", users[0], "--user", users[1]]
    monkeypatch.setenv("EDGEKIT_JWT_SECRET", SECRET)
    done = run(*asked)
    assert (done.status, done.err) == (0, "")
    monkeypatch.delenv("EDGEKIT_JWT_SECRET")
    assert "EK619 the store has no record of user `u8`" in run(*asked).err


def test_check_live_says_that_tokens_are_needed(served: tuple[Path, str]) -> None:
    folder, url = served
    done = run("check", "--live", url, "--store", folder / "build/edge.lmdb", "--user", "u1", "--user", "u2")
    assert done.status == 2
    assert "EK619 `--user u1` does not say the jwt by which the site knows this user" in done.err
    assert "--user 'u1=authorization: Bearer …'" in done.err


def test_a_build_sees_that_the_issuers_keys_have_changed(tmp_path: Path) -> None:
    folder = shop(tmp_path, JWT.replace('["HS256"]', '["EdDSA"]\njwks = "../keys.json"'))
    releases = []
    for number in (1, 1, 2):
        key = {"kty": "OKP", "crv": "Ed25519", "kid": str(number), "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
        (folder / "keys.json").write_text(json.dumps({"keys": [key]}))
        built = run_in(folder, "build", "--json")
        assert built.status == 0
        releases.append(built.json["release"])
    assert releases[0] == releases[1] != releases[2]
