"""The code in docs/identity.md signs cookies and tokens that are believed."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import time
from typing import Any
from unittest import mock

import pytest

from tests.replay.identity.credentials import SECRET
from tests.replay.identity.site import BY_SECRET, COOKIE, ask, bearer, cookie, open_site
from tests.source import ROOT

CODE = dict(
    re.findall(r"^```(python|javascript|sh)\n(.*?)^```$", (ROOT / "docs/identity.md").read_text("utf-8"), re.M | re.S)
)
IDS = ["u1", "ada.lovelace@shop.example", "Łódź 1/2", "it's (me)!*~", "a+b%2E"]
VARIABLE = {"EDGEKIT_COOKIE_SECRET": SECRET.decode()}


def shown(value: str, user_id: str) -> str:
    site = open_site(COOKIE, users={user_id: {"tier": "vip", "name": "Ada"}})
    return ask(site, cookie(value.encode("ascii")), now=time.time()).body.decode().replace("&#39;", "'")


def test_python_signs_every_id() -> None:
    names: dict[str, Any] = {}
    exec(CODE["python"], names)
    with mock.patch.dict(os.environ, VARIABLE):
        assert [shown(names["sign_user"](one), one) for one in IDS] == [f"vip {one} Ada known" for one in IDS]
        assert shown(names["sign_user"]("u1", -1), "u1") == "free guest nobody unknown"


def test_javascript_signs_every_id() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no `node`")
    script = f"{CODE['javascript']}\nconsole.log(JSON.stringify({json.dumps(IDS)}.map((id) => signUser(id))))"
    done = subprocess.run(
        [node, "-e", script], env={**os.environ, **VARIABLE}, capture_output=True, check=True, text=True, timeout=30
    )
    signed = json.loads(done.stdout)
    assert [shown(value, one) for value, one in zip(signed, IDS, strict=True)] == [
        f"vip {one} Ada known" for one in IDS
    ]


def test_the_token_that_is_issued_by_hand_is_believed() -> None:
    issue = CODE["sh"].split("-c '\n")[1].split("')\n")[0]
    printed = io.StringIO()
    with mock.patch.dict(os.environ, {"EDGEKIT_JWT_SECRET": SECRET.decode()}), contextlib.redirect_stdout(printed):
        exec(issue, {})
    token = printed.getvalue().strip().encode()
    assert ask(open_site(BY_SECRET), bearer(token), now=time.time()).body == b"premium u1 Ada known"
