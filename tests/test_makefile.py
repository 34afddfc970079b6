"""`make` on machines that lack something: one line that names it, and nothing made."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.source import ROOT

OLD = 'case "$2" in *version_info*) exit 1;; esac'
WITHOUT_ENSUREPIP = 'case "$2" in *ensurepip*) echo "ImportError" >&2; exit 1;; esac'
ABSENT = "exit 127"


@pytest.mark.parametrize(
    ("behaviour", "missing"),
    [(OLD, "Python 3.11 or newer"), (ABSENT, "Python 3.11 or newer"), (WITHOUT_ENSUREPIP, "apt install python3-venv")],
)
@pytest.mark.parametrize("target", ["serve", "test"])
def test_a_python_that_will_not_do_gets_one_line(target: str, behaviour: str, missing: str, tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "tests/requirements.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{behaviour}\nexit 0\n")
    python.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", target, f"PYTHON={python}"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert missing in done.stderr
    assert not (tmp_path / ".venv").exists()


def installs(path: Path, uid: int, commands: list[str]) -> list[str]:
    """What apt-get is asked for by a user with those commands: words but for its options."""
    for name in ["touch", "sed", "python3", *commands]:
        (path / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {path}/log\n')
    (path / "id").write_text(f"#!/bin/sh\necho {uid}\n")
    for command in path.iterdir():
        command.chmod(0o755)
    make = shutil.which("make") or "make"
    alone = [make, "--old-file=.venv/dev", "--always-make", ".venv/programs", "SHELL=/bin/sh"]
    subprocess.run(alone, cwd=ROOT, env={"PATH": str(path)}, capture_output=True, check=True, timeout=60)
    log = (path / "log").read_text().splitlines()
    return [" ".join(word for word in line.split()[4:] if word[0] != "-") for line in log if line.startswith("apt-get")]


@pytest.mark.parametrize(
    ("uid", "commands", "expected"),
    [
        (0, ["apt-get"], ["update", "install chromium nginx systemd varnish"]),
        (0, ["apt-get", "chromium", "systemd-analyze"], ["update", "install nginx varnish"]),
        (0, ["apt-get", "chromium", "nginx", "systemd-analyze", "varnishd"], []),
        (0, [], []),
        (1000, ["apt-get"], []),
    ],
)
def test_root_gets_the_programs_that_are_missing_from_apt(
    uid: int, commands: list[str], expected: list[str], tmp_path: Path
) -> None:
    assert expected == installs(tmp_path, uid, commands)
