"""A forked program cannot be told from one that was started from nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pulumi_embedded.plugins
from tests import forked

ROOT = Path(__file__).parents[1]
PROGRAM = '''
import atexit, json, os, signal, sys, threading
from pathlib import Path
import below

def shown(name):
    return [part for part in Path(f"/proc/self/{name}").read_bytes().decode().split("\\0") if part]

print(json.dumps({
    "argv": sys.argv, "path": sys.path, "cwd": os.getcwd(), "below": below.__file__, "name": __name__, "file": __file__,
    "environment": dict(sorted(os.environ.items())), "executable": sys.executable, "prefix": sys.prefix,
    "orig_argv": sys.orig_argv, "session": os.getsid(0) == os.getpid(), "group": os.getpgid(0) == os.getpid(),
    "stdin": sys.stdin.read(), "encodings": [[f.encoding, f.errors, f.line_buffering] for f in (sys.stdin, sys.stdout, sys.stderr)],
    "interrupt": str(signal.getsignal(signal.SIGINT)), "pipe": str(signal.getsignal(signal.SIGPIPE)),
    "threads": threading.active_count(), "files": sorted(os.listdir("/proc/self/fd"))[:3], "globals": sorted(set(globals()) - {"__cached__"}),
    "command line": shown("cmdline"), "shown": sorted(shown("environ")),
}))
print("to people", file=sys.stderr)
atexit.register(print, "at the end")
thread = threading.Thread(target=lambda: print("of a thread"))
thread.start()
exec(sys.argv[1])
'''  # fmt: skip  # noqa: E501
ENDS = {
    "ends": "pass",
    "exits with a number": "sys.exit(3)",
    "exits with a word": "sys.exit('no')",
    "fails": "thread.join(); 1 / 0",
    "is interrupted": "thread.join(); os.kill(os.getpid(), signal.SIGINT); signal.pause()",
    "is terminated": "thread.join(); sys.stdout.flush(); os.kill(os.getpid(), signal.SIGTERM); signal.pause()",
    "is killed": "thread.join(); sys.stdout.flush(); os.kill(os.getpid(), signal.SIGKILL)",
    "starts another": "import subprocess; subprocess.run([sys.executable, sys.argv[0], 'pass'], text=True, input='in')",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program as a module, a file and a folder, and what it imports."""
    package = tmp_path / "code" / "program"
    package.mkdir(parents=True)
    (tmp_path / "work").mkdir()
    for file in (package / "__main__.py", tmp_path / "code" / "program.py"):
        file.write_text(PROGRAM)
    for directory in (package, tmp_path / "code"):
        (directory / "below.py").write_text("")
    return tmp_path


@pytest.fixture
def from_nothing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have processes be started from nothing until the test ends."""
    return lambda: monkeypatch.setattr(forked, "_order_of", lambda *_: (None, []))


def done(folder: Path, command: list[str], **options: Any) -> tuple[int, Any, list[str], str]:
    """Run a command: its exit code, what it said of itself, the rest of its output, and its errors' last line."""
    run = subprocess.run(
        [sys.executable, *command], cwd=folder / "work", env={**os.environ, "PYTHONPATH": str(folder / "code")},
        capture_output=True, text=True, check=False, input="given", timeout=600, **options,
    )  # fmt: skip
    first, *rest = run.stdout.splitlines()
    return run.returncode, json.loads(first), [line for line in rest if line[:1] != "{"], run.stderr.splitlines()[-1]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("how", ["module", "file", "folder"])
def test_forked_program_is_like_any_other(folder: Path, from_nothing: Callable[[], None], how: str, end: str) -> None:
    """Arguments, paths, environment, files, signals, session, output, exit code: all equals that of a fresh process."""
    name = {
        "module": ["-m", "program"],
        "file": [str(folder / "code/program.py")],
        "folder": [str(folder / "code/program")],
    }
    command = [*name[how], ENDS[end]]
    options = {"start_new_session": True} if end == "is killed" else {}

    fork = done(folder, command, **options)
    from_nothing()

    fresh = done(folder, command, **options)
    assert fork[1] == fresh[1]
    assert fork == fresh


def test_program_is_forked(folder: Path) -> None:
    """It has Pulumi before it asks for it, and so has what it starts; the project's tests it would not find."""
    code = "import subprocess; print([name in sys.modules for name in ('pulumi', 'tests')], file=sys.stderr)"
    again = f"{code}; subprocess.run([sys.executable, sys.argv[0], {code!r}])"

    run = subprocess.run(
        [sys.executable, str(folder / "code/program.py"), again], capture_output=True, text=True, check=True
    )

    assert [line for line in run.stderr.splitlines() if line[:1] == "["] == ["[True, False]"] * 2


def test_code_of_the_project_is_there_unless_other_code_has_its_name(folder: Path) -> None:
    """It is there already, where it was looked for; other code is loaded, with all that imports it."""
    program = folder / "code" / "program.py"
    program.write_text(
        "import sys; names = ('railway_api', 'pulumi_provider', 'pulumiverse_railway')\n"
        "print([name in sys.modules for name in names])\n"
        "import pulumi_provider; print(pulumi_provider.__file__)\n"
    )
    packages = [str(ROOT / "packages" / name) for name in ("railway-api", "pulumi-provider", "pulumiverse-railway")]
    shutil.copytree(ROOT / "packages/pulumi-provider/pulumi_provider", folder / "same" / "pulumi_provider")
    (folder / "copy" / "pulumi_provider").mkdir(parents=True)
    (folder / "copy" / "pulumi_provider" / "__init__.py").write_text("")

    said = [
        subprocess.run(
            [sys.executable, str(program)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            capture_output=True, text=True, check=True,
        ).stdout.splitlines()
        for path in (packages, [str(folder / "same"), *packages], [str(folder / "copy"), *packages])
    ]  # fmt: skip

    own = forked.unmeasured(os.environ) == dict(os.environ)  # coverage sees what a process loads itself
    assert said == [
        [str([own, own, own]), str(ROOT / "packages/pulumi-provider/pulumi_provider/__init__.py")],
        [str([own, own, own]), str(folder / "same/pulumi_provider/__init__.py")],
        [str([own, False, False]), str(folder / "copy/pulumi_provider/__init__.py")],
    ]


def test_its_parent_is_who_started_it(folder: Path) -> None:
    """A program that ends with its parent finds the process that asked for it."""
    program = folder / "code" / "parent.py"
    program.write_text("import os; print(os.getppid())")

    run = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True)

    assert int(run.stdout) == os.getpid()


def test_plugin_on_its_leash_is_forked(folder: Path) -> None:
    """The shell that holds a plugin is its parent, and kills it when nobody holds the shell any more."""
    program = folder / "code" / "plugin.py"
    program.write_text(
        "import os, signal, sys; print(os.getppid(), os.getpid(), 'pulumi' in sys.modules, flush=True); signal.pause()"
    )
    command = ["/bin/sh", "-c", pulumi_embedded.plugins.LEASH, "plugin", sys.executable, str(program)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as shell:
        assert shell.stdin
        assert shell.stdout
        parent, plugin, has_pulumi = shell.stdout.readline().split()

        assert (int(parent), has_pulumi) == (shell.pid, "True")
        assert Path(f"/proc/{plugin}/cmdline").read_bytes().split(b"\0")[:2] == [
            sys.executable.encode(),
            str(program).encode(),
        ]
        shell.stdin.close()
        assert shell.stdout.read() == ""
        shell.wait(600)
        assert not is_running(int(plugin))


def is_running(process: int) -> bool:
    """Tell whether a process is neither gone nor dead and not yet waited for."""
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except OSError:
        return False


def test_whole_group_is_killed(folder: Path) -> None:
    """What is killed as a group is gone with all that it started."""
    program = folder / "code" / "group.py"
    program.write_text(
        "import subprocess, sys, signal\n"
        "if len(sys.argv) < 2: subprocess.Popen([sys.executable, sys.argv[0], 'child'])\n"
        "else: print('there', flush=True)\n"
        "signal.pause()"
    )
    with subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as leader:
        assert leader.stdout
        assert leader.stdout.readline() == "there\n"

        os.killpg(leader.pid, signal.SIGKILL)

        assert leader.stdout.read() == ""
        assert leader.wait(60) == -signal.SIGKILL


@pytest.mark.parametrize("end", ENDS)
def test_program_of_a_script_is_forked(folder: Path, end: str) -> None:
    """A script that calls the ``python`` of an environment sees output and exit code as ever."""
    forked.environment(folder / ".venv")
    script = '"$0" -m program "$1"; echo "it ended: $?"'

    def run(python: Path | str) -> tuple[dict[str, Any], list[str], str]:
        done = subprocess.run(
            ["sh", "-c", script, str(python), ENDS[end]], cwd=folder / "work", check=True, input="given",
            env={**os.environ, "PYTHONPATH": str(folder / "code")}, capture_output=True, text=True,
        )  # fmt: skip
        first, *rest = done.stdout.splitlines()
        return json.loads(first), [line for line in rest if line[:1] != "{"], done.stderr.splitlines()[-1]

    fork, fresh = run(folder / ".venv" / "bin" / "python"), run(sys.executable)

    assert fork[0].pop("argv") == fresh[0].pop("argv")
    assert fork == fresh


def test_what_cannot_be_forked_for_a_script_is_started(folder: Path) -> None:
    """The environment's ``python`` is the real one for ``-c``, and all other programs of the environment are there."""
    forked.environment(folder / ".venv")

    done = subprocess.run(
        [folder / ".venv/bin/python", "-c", "import sys; print('pulumi' in sys.modules, sys.prefix)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.split() == ["False", sys.prefix]
    assert {path.name for path in (folder / ".venv" / "bin").iterdir()} >= {"pytest", "ruff"}
