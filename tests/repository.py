"""A real git repository in a scratch folder."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MINUTES: Final = 5


def git_environment() -> dict[str, str]:
    """Nothing of the user's git, of a hook that runs the tests, or of the source tree."""
    kept = {name: value for name, value in os.environ.items() if not re.match("GIT_|EDGEKIT_|PRE_COMMIT|PYTHON", name)}
    who = {f"GIT_{role}_{field}": "test" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
    return {**kept, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class Repository:
    """A new repository in `folder`, which may have files already; its branch is `main`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        folder.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MINUTES * 60,
        )

    def git(self, *arguments: str) -> str:
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def commit_all(self, message: str) -> subprocess.CompletedProcess[str]:
        self.git("add", "-A")
        return self.run("git", "commit", "-q", "-m", message)

    def state(self) -> dict[str, bytes]:
        """All files but a store's, git's own with them: what nothing may change."""
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in sorted(self.folder.rglob("*"))
            if file.is_file() and file.parent.name != "build"
        }
