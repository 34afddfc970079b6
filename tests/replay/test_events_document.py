"""The examples of docs/events.md, as they stand there but for the port."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.document import blocks
from tests.replay.sending import ENVIRONMENT, page_of
from tests.replay.serving import running, write_store
from tests.source import ROOT

SITE = {"segments": {"free": {}, "premium": {}}, "pages": {"/": {"free": "free", "premium": "premium"}}}


def read_example(language: str, beginning: str, port: int) -> str:
    document = (ROOT / "docs" / "events.md").read_text("utf-8")
    example = next(block for block in blocks(document, language) if block.startswith(beginning))
    assert example.count("127.0.0.1:1818") == 1
    return example.replace(":1818", f":{port}")


def run_example(*command: str) -> str:
    environment = {**os.environ, **ENVIRONMENT}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30).stdout


def test_the_examples_work(tmp_path: Path) -> None:
    if any(subprocess.run(["which", tool], capture_output=True).returncode for tool in ("curl", "openssl")):
        pytest.skip("needs curl and openssl")
    file = tmp_path / "edge.lmdb"
    write_store(file, SITE)
    with running(file, environment=ENVIRONMENT) as (port, _):
        assert run_example("sh", "-euc", read_example("sh", "body=", port)) == "204\n"
        assert page_of(port, "u1") == "premium"
        printed = run_example(sys.executable, "-c", read_example("python", "import json", port))
        assert printed == '{"id":"msg-1","status":204}\n'
        assert page_of(port, "u1") == "free"
