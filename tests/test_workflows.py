"""The workflows of docs/diff.md: what they may do, and what their lines do in a scratch repository."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
import yaml

from tests.cli.command import write_shop
from tests.document import blocks
from tests.repository import Repository, git_environment
from tests.source import ROOT

TEXTS: Final = blocks((ROOT / "docs/diff.md").read_text("utf-8"), "yaml")
COMPILING, POSTING = map(yaml.safe_load, TEXTS)
ON: Final = True
"""What YAML 1.1 takes the key `on` for."""

GH: Final = f"""\
#!{sys.executable}
import json, shutil, subprocess, sys
from pathlib import Path
arguments = sys.argv[1:]
with open("gh.log", "a") as log:
    log.write(json.dumps(arguments) + "\\n")
answers = json.loads(Path("answers.json").read_text())
url = next(argument for argument in arguments if argument.startswith("repos/"))
if url.endswith("/zip"):
    sys.stdout.buffer.write(Path("left.zip").read_bytes())
elif "--jq" in arguments:
    answer, expected = answers[url]
    filter = arguments[arguments.index("--jq") + 1]
    if shutil.which("jq"):
        done = subprocess.run(["jq", "-r", filter], input=json.dumps(answer), text=True, capture_output=True)
        expected = done.stdout + done.stderr
    sys.stdout.write(expected)
"""

UNZIP: Final = f"""\
#!{sys.executable}
import sys, zipfile
_, option, file, name = sys.argv
assert option == "-p"
sys.stdout.buffer.write(zipfile.ZipFile(file).read(name))
"""


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    (job,) = workflow["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def lines(workflow: dict[str, Any]) -> list[str]:
    return [step["run"] for step in steps(workflow) if "run" in step]


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """An environment with this `edgekit`, a `pip` that installs nothing, and a `gh` that notes what it is told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {"pip": "#!/bin/sh\n", "gh": GH, "edgekit": f'#!/bin/sh\nexec {sys.executable} -m edgekit "$@"\n'}
    if shutil.which("unzip") is None:
        scripts["unzip"] = UNZIP
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {**git_environment(), "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def run_line(line: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """As a runner does it."""
    return subprocess.run(
        ["bash", "-e", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def test_what_compiles_a_pull_request_can_only_read() -> None:
    assert COMPILING[ON] == "pull_request"
    assert COMPILING["permissions"] == {"contents": "read"}
    assert not any("permissions" in job or "environment" in job for job in COMPILING["jobs"].values())
    assert "secrets" not in TEXTS[0]
    assert "token" not in TEXTS[0]
    (checkout,) = (step for step in steps(COMPILING) if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["persist-credentials"] is False


def test_what_can_write_runs_nothing_of_a_pull_request() -> None:
    assert POSTING[ON] == {"workflow_run": {"workflows": [COMPILING["name"]], "types": ["completed"]}}
    assert POSTING["permissions"] == {}
    (job,) = POSTING["jobs"].values()
    assert job["permissions"] == {
        "actions": "read", "contents": "read", "pull-requests": "write", "security-events": "write",
    }  # fmt: skip
    assert [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step] == [
        "github/codeql-action/upload-sarif"
    ]
    assert "secrets" not in TEXTS[1]


@pytest.mark.parametrize("workflow", [COMPILING, POSTING], ids=["compiling", "posting"])
def test_workflows_are_bounded_pinned_and_put_no_event_into_a_script(workflow: dict[str, Any]) -> None:
    assert "pull_request_target" not in yaml.safe_dump(workflow)
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    assert all(re.search(r"@(v\d+|[0-9a-f]{40})$", step["uses"]) for step in steps(workflow) if "uses" in step)
    assert not any("${{" in line for line in lines(workflow))


@pytest.fixture
def merged(tmp_path: Path) -> Repository:
    """What a runner checks out: a pull request's page merged into `main`."""
    made = Repository(tmp_path / "work", git_environment())
    write_shop(made.folder / "site")
    made.commit_all("one")
    made.git("switch", "-q", "-c", "proposal")
    (made.folder / "site/pages/about.html").write_text("<p>About them</p>\n")
    made.commit_all("two")
    made.git("switch", "-q", "main")
    (made.folder / "README").write_text("A shop.\n")
    made.commit_all("three")
    made.git("merge", "-q", "--no-ff", "-m", "merge", "proposal")
    return made


def test_the_first_leaves_what_would_change_and_the_findings(merged: Repository, tools: dict[str, str]) -> None:
    for line in lines(COMPILING):
        done = run_line(line, merged.folder, tools)
        assert done.returncode == 0, done.stderr
    report = merged.folder / "report"
    assert sorted(file.name for file in report.iterdir()) == ["diff.md", "edgekit.sarif"]
    assert "About them" in (report / "diff.md").read_text()
    assert json.loads((report / "edgekit.sarif").read_text())["runs"][0]["results"] == []


def test_findings_are_left_where_the_site_does_not_compile(merged: Repository, tools: dict[str, str]) -> None:
    (merged.folder / "site/pages/about.html").write_text("{{ user.name|upper }}")
    _, check, diff = lines(COMPILING)
    assert run_line(check, merged.folder, tools).returncode == 1
    (result,) = json.loads((merged.folder / "report/edgekit.sarif").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "EK202"
    assert run_line(diff, merged.folder, tools).returncode == 2


class Posting:
    """The second workflow's lines, with what the first left."""

    def __init__(self, folder: Path, tools: dict[str, str], left: dict[str, bytes], *, comments: int = 0) -> None:
        self.folder = folder
        self.output = folder / "output"
        self.output.touch()
        (job,) = POSTING["jobs"].values()
        event = {"GH_TOKEN": "", "RUN": "77", "HEAD": "ada:next;$(id)", "SHA": "c0ffee"}
        assert event.keys() == job["env"].keys()
        self.environment = {**tools, **event, "GITHUB_REPOSITORY": "shop/site", "GITHUB_OUTPUT": str(self.output)}
        with ZipFile(folder / "left.zip", "w") as archive:
            for name, content in left.items():
                archive.writestr(name, content)
        pulls = [{"number": 1, "head": {"sha": "other"}}, {"number": 5, "head": {"sha": "c0ffee"}}]
        bot, ours = {"login": "github-actions[bot]"}, "<!-- edgekit diff -->\n"
        there = [
            {"id": 11, "user": {"login": "mallory"}, "body": ours},
            {"id": 12, "user": bot, "body": "another workflow's"},
            *[{"id": 13, "user": bot, "body": ours}] * comments,
        ]
        answers = {
            "repos/shop/site/pulls": (pulls, "5\n"),
            "repos/shop/site/actions/runs/77/artifacts": (
                {"artifacts": [{"name": "edgekit", "size_in_bytes": (folder / "left.zip").stat().st_size, "id": 9}]},
                "9\n",
            ),
            "repos/shop/site/issues/5/comments": (there, "13\n" * comments),
        }
        (folder / "answers.json").write_text(json.dumps(answers))

    def run(self) -> list[list[str]]:
        """What `gh` was told."""
        for line in lines(POSTING):
            done = run_line(line, self.folder, self.environment)
            assert done.returncode == 0, done.stderr
            self.environment["NUMBER"] = self.output.read_text().strip().removeprefix("number=")
        return [json.loads(told) for told in (self.folder / "gh.log").read_text().splitlines()]

    @property
    def comment(self) -> str:
        return (self.folder / "comment.md").read_text("utf-8")


def test_the_second_comments_once_and_then_renews_the_comment(tmp_path: Path, tools: dict[str, str]) -> None:
    left = {"diff.md": b"## 1 page changes\n", "edgekit.sarif": b"{}"}
    for comments, last in [
        (0, ["api", "repos/shop/site/issues/5/comments", "-F", "body=@comment.md"]),
        (1, ["api", "--method", "PATCH", "repos/shop/site/issues/comments/13", "-F", "body=@comment.md"]),
    ]:
        folder = tmp_path / str(comments)
        folder.mkdir()
        posting = Posting(folder, tools, left, comments=comments)
        told = posting.run()
        assert told[-1] == last
        assert "head=ada:next;$(id)" in told[0]
        assert posting.comment == "<!-- edgekit diff -->\n## 1 page changes\n"
        assert (folder / "edgekit.sarif").read_bytes() == b"{}"


def test_the_second_takes_what_is_left_for_anybodys(tmp_path: Path, tools: dict[str, str]) -> None:
    left = {
        "diff.md": b"@everybody \xff" + b"x" * 1_000_000,
        "edgekit.sarif": b"{}",
        "../../escaped": b"",
        "answers.json": b"",
    }
    posting = Posting(tmp_path, tools, left)
    posting.run()
    assert posting.comment.startswith("<!-- edgekit diff -->\n@\u200beverybody xxx")
    assert len(posting.comment) < 250_000
    assert not (tmp_path.parent.parent / "escaped").exists()
    assert (tmp_path / "answers.json").stat().st_size > 0


def test_the_second_says_so_where_nothing_was_compared(tmp_path: Path, tools: dict[str, str]) -> None:
    posting = Posting(tmp_path, tools, {"edgekit.sarif": b"{}"})
    posting.run()
    assert posting.comment == "<!-- edgekit diff -->\nThe site does not compile: see the findings.\n"


def test_without_its_pull_request_the_second_ends(tmp_path: Path, tools: dict[str, str]) -> None:
    posting = Posting(tmp_path, tools, {})
    posting.environment["SHA"] = "gone"
    (tmp_path / "answers.json").write_text(json.dumps({"repos/shop/site/pulls": ([], "")}))
    assert run_line(lines(POSTING)[0], tmp_path, posting.environment).returncode == 1
