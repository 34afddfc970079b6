"""A transcript: what somebody does in the site that `edgekit init` writes, and what they then read.

It begins with a sentence. Files follow, each behind `=== path` (`=== path +` adds to one), then commands behind `$ `,
each with its output and, unless it is 0, its exit status as `[2]`. They are typed in the site's folder. A plain
`edgekit …` runs in this process, `sudo -u nobody edgekit …` as a user to whom permissions apply; all else runs in a
shell. `&` at the end leaves a command running until the transcript ends, `^C` interrupts it once it has said something.
`$PORT` is a free port.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, chdir
from pathlib import Path
from typing import Final, NamedTuple

from edgekit.cli.init import STARTER
from tests.cli.command import Done, as_nobody, command_line, environment, run
from tests.ports import reserved_port

HOME: Final = "~/notes"
"""What is written for the scratch folder."""

_COMMAND: Final = re.compile(r"^\$ (.*)\n", re.M)
_FILE: Final = re.compile(r"^=== (.*)\n", re.M)


class Transcript(NamedTuple):
    """`what` is the text before the first command, files included."""

    what: str
    files: dict[str, str]
    commands: tuple[str, ...]


def parse_transcript(text: str) -> Transcript:
    what, *rest = _COMMAND.split(text)
    _, *parts = _FILE.split(what)
    files = {name: content.removesuffix("\n") for name, content in zip(parts[::2], parts[1::2], strict=True)}
    return Transcript(what, files, tuple(rest[::2]))


def play(transcript: Transcript, folder: Path) -> str:
    """Run its commands in a site in `folder`, which is empty; the transcript with the output they have now."""
    shutil.copytree(STARTER, folder, dirs_exist_ok=True)
    for name, content in transcript.files.items():
        file = folder / name.removesuffix(" +")
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if name.endswith(" +") else "w", encoding="utf-8") as opened:
            opened.write(content)
    shown = [transcript.what]
    with chdir(folder), reserved_port() as port, ExitStack() as stack:
        for line in transcript.commands:
            done = _run(line.replace("$PORT", str(port)), folder, stack)
            # A port alone: the digest of a release may hold its digits, too.
            output = re.sub(rf"\b{port}\b", "$PORT", done.text + done.err).replace(str(folder), HOME)
            status = f"[{done.status}]\n" if done.status else ""
            output = re.sub(r"[0-9.]+ s$", "0.1 s", re.sub(r"\b[0-9a-f]{32}\b", "RELEASE", output), flags=re.M)
            shown.append(f"$ {line}\n{output}{status}")
    return "".join(shown)


def _run(line: str, folder: Path, stack: ExitStack) -> Done:
    if line.startswith("sudo -u nobody edgekit "):
        return as_nobody(*shlex.split(line)[4:], cwd=folder)
    if not line.startswith("edgekit ") or re.search("[|<>;]", line):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with_tools = environment(PATH=path)
        done = subprocess.run(["sh", "-c", line], capture_output=True, env=with_tools, cwd=folder, timeout=60)
        return Done(done.returncode, done.stdout, done.stderr.decode())
    arguments = shlex.split(line)[1:]
    if arguments[-1] == "&":
        _start(arguments[:-1], stack)
        return Done(0, b"", "")
    if arguments[-1] == "^C":
        process, first = _start(arguments[:-1], stack)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        return Done(process.returncode, first + out, err.decode())
    return run(*arguments)


def _start(arguments: list[str], stack: ExitStack) -> tuple[subprocess.Popen[bytes], bytes]:
    """A command that goes on, until `stack` ends, and the first line that it said."""
    pipe = subprocess.PIPE
    process = stack.enter_context(
        subprocess.Popen(command_line(*arguments), bufsize=0, stdout=pipe, stderr=pipe, env=environment())
    )
    stack.callback(process.terminate)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first
    return process, first
