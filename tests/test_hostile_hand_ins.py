"""A class in which one student is honest and the others are not: nothing they hand in is run, hangs or is obeyed.

The whole command marks one folder with everything in it, in a process of its own with little memory and a watchdog.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from test_check_sheet import LEAKY, RIGHT

pytestmark = pytest.mark.xdist_group("hostile hand-ins")  # the class is marked once, for all tests

MEMORY = 3 << 30
"""Bytes of address space, most of it the interpreter's and NumPy's."""
WATCHDOG = 240
SMALL = 200_000
SHOWN = re.compile(r"(call|format|markup|escape|surrogate|huge|latex)[.]")
"""The values of which reports and pages might show more than what they are, and two that are only large."""
PROOF = "somebody-was-here"
HONEST = json.dumps(RIGHT)


def notebook(*cells: str, kind: str = "code") -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": cell} for cell in cells]})


# --- values: each is typed for a name, in every kind of file; the file is read, the value earns nothing --------------

CALL = f"__import__('os').system('touch {PROOF}')"
VALUES = {
    "huge": "1e308",
    "minus-huge": "-1e308",
    "nan": "NaN",
    "inf": "inf",
    "minus-inf": "-Infinity",
    "tiny": "1e-400",
    "power": "1e999999999",
    "tower": "9**9**9**9",
    "hex": "0x1p99999",
    "zero-below": "1/0",
    "tiny-below": "1/1e-320",
    "matrix": "np.zeros((10**6, 10**6))",
    "ones": "np.ones((1000000, 1000000))",
    "lists": "[[0]*1000000]*1000000",
    "shape": "a 1000000 x 1000000 matrix",
    "latex": r"\begin{pmatrix}" + "0 & " * 9000 + r"\end{pmatrix}",
    "fractions": r"\frac" * 9000,
    "brackets": "[" * 100_000,
    "closed": "[" * 40_000 + "1" + "]" * 40_000,
    "commas": "," * 90_000,
    "spaces": "1" + " " * 90_000 + "1",
    "digits": "1" * 100_000,
    "million-digits": "1" * 1_000_000,
    "places": "0." + "1" * 1_000_000,
    "call": CALL,
    "format": "{0.__class__.__mro__} %n%n%n%s",
    "markup": "[bold red]x[/]",
    "escape": "\x1b]0;title\x07\x1b[2J\x1b[31m\u202e\x9b31m",
    "surrogate": "\ud800",
}
IN_A_CELL = {"million-digits", "places"}  # more than the CSV reader takes
ONE_LINE = "escape", "surrogate"  # cannot stand in a text file as they are

KINDS = {
    "yaml": lambda value: json.dumps({"a": {"L": value, "z1": [value, 1, value]}}),
    "json": lambda value: json.dumps({"a": {"L": value, "z1": [value, 1, value]}}),
    "csv": lambda value: f"task,name,value\na,L,{value}\na,z1,{value}\n",
    "md": lambda value: f"```answers\ntask: a\nL: {value}\nz1: {value}; 1; {value}\n```\n",
    "code.ipynb": lambda value: notebook(f"# task: a\nL = {value}\nz1 = [{value}, 1, {value}]"),
    "text.ipynb": lambda value: notebook(f"# task: a\nL = {value!r}\nz1 = [{value!r}, 1, {value!r}]"),
}
TYPED = {
    f"{name}.{kind}": write(value)
    for name, value in VALUES.items()
    for kind, write in KINDS.items()
    if not (kind == "csv" and name in IN_A_CELL)
    and not (kind in ("csv", "md") and name in ONE_LINE)
    and not (kind == "yaml" and name == "surrogate")  # no YAML
}

# --- files that say nothing but do no harm: read, and blank or unknown ------------------------------------------------

CODE = {
    "big": "a = 1\n" * 500_000,
    "lines": "\n" * 2_000_000,
    "deep": "a = " + "(" * 90_000 + ")" * 90_000,
    "minus": "a = " + "- " * 90_000 + "1",
    "attribute": "a = a" + ".b" * 90_000,
    "subscript": "a = a" + "[0]" * 60_000,
    "call": "a = " + "f(" * 90_000,
    "elif": "if a: pass\n" + "elif a: pass\n" * 14_000,
    "power": "a = " + "1**" * 60_000 + "1",
    "compare": "a = " + "1<" * 90_000 + "1",
    "and": "a = " + "1 and " * 30_000 + "1",
    "walrus": "a = " + "(b:=" * 40_000 + "1" + ")" * 40_000,
    "await": "async def f():\n " + "await " * 30_000 + "f",
    "yield": "def f():\n a = " + "(yield " * 20_000,
    "star": "a, " + "*" * 90_000 + "b = 1",
    "fstring": 'a = f"' + "{" * 90_000 + '"',
    "decorators": "@a\n" * 60_000 + "def f(): pass",
    "indent": "".join(" " * k + "if 1:\n" for k in range(600)),
    "strings": 'a = "" ' + '"b" ' * 40_000,
    "bytes": "a = b'" + "\\x00" * 40_000 + "'",
    "targets": "a" + " = a" * 40_000 + " = 1",
    "unpack": "(" * 150 + "a" + ",)" * 150 + " = 1",
    "multiple": "a = [0] * 10**12\nb = 10**10**10\nc = 'x' * 10**12",
    "magic": f"%%bash\ntouch {PROOF}\n",
    "magics": f"%system touch {PROOF}\n!touch {PROOF}\na = !touch {PROOF}\nget_ipython().system('touch {PROOF}')",
    "run": f"open('{PROOF}', 'w')\na = {CALL}\nimport antigravity, this\nexec(\"{CALL}\")",
    "nul": "a = 1\0",
    "coding": "# -*- coding: nonsense -*-\na = 1",
    "escape": "\x1b[31m = 1\nanswers = {'\x1b[31mz\\n1 of 1 points': 3, 'z\\ud800': 1}",
}
HARMLESS = {f"cell-{name}.ipynb": notebook(code) for name, code in CODE.items()} | {
    "cells.ipynb": notebook(*["a = 1"] * 20_000),
    "no-source.ipynb": json.dumps({"cells": [1, None, {}, {"cell_type": "code", "source": {"a": 1}}]}),
    "prose.ipynb": notebook("```answers\n" * 9_000, kind="markdown"),
    "empty.yaml": "",
    "empty.csv": "",
    "names.json": json.dumps({"a": {"\x1b[31mz1\n\nTask z: 99 of 99 points": 1, "x" * 5_000: 1, "\ud800": 1}}),
    "tasks.json": json.dumps({"\x1b[31m\nTask z: 99 of 99 points": {"z1": 1}, "__class__": {"z1": 1}}),
    "many.json": json.dumps({"a": {f"n{number}": number for number in range(9_000)}}),
    "wide.json": '{"z1": [' + "1," * 1_000_000 + "1]}",
    "long.json": json.dumps({"z1": "1 " * 2_000_000}),
}

# --- files that cannot be read: refused, with a message that says why ------------------------------------------------

LAUGHS = "a: &a [x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghi"))
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nested.yaml": ("z1: " + "[" * 100_000, "nested more than 12 deep"),
    "nested-maps.yaml": ("z1: " + "{a: " * 100_000, "nested more than 12 deep"),
    "nested-dashes.yaml": ("z1:\n " + "- " * 100_000, "nested more than 12 deep"),
    "nested.json": ('{"z1": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    "nested-some.json": ('{"z1": ' + "[" * 500 + "]" * 500 + "}", "nested too deeply"),
    "nested-maps.json": ('{"a":' * 100_000, "nested too deeply"),
    "nested.ipynb": ('{"cells": ' + "[" * 100_000, "nested too deeply"),
    "digits.ipynb": ('{"cells": ' + "9" * 1_000_000 + "}", "too long"),
    "laughs.yaml": (LAUGHS, "anchors"),
    "itself.yaml": ("z1: &a [*a]\n", "anchors"),
    "merge.yaml": ("a: &a {z1: 1}\nb: {<<: *a}\n", "anchors"),
    "object.yaml": (f"z1: !!python/object/apply:os.system ['touch {PROOF}']\n", "YAML tags"),
    "new.yaml": (f"z1: !!python/object/new:os.system ['touch {PROOF}']\n", "YAML tags"),
    "tag.yaml": ("%TAG ! tag:yaml.org,2002:python/\n---\nz1: !object:os.system x\n", "YAML tags"),
    "values.yaml": ("z1: [" + "1," * 1_000_000 + "1]", "more than 1000000 values"),
    "names.yaml": ("".join(f"n{number}: 1\n" for number in range(20_000)), "more than 10000 answers"),
    "cell.csv": ("name,value\nL," + "1" * 1_000_000, "not CSV"),
    "rows.csv": ("name,value\n" + "".join(f"n{number},1\n" for number in range(20_000)), "more than 10000 answers"),
    "columns.csv": ("\x1b[31m," * 500_000, "found the columns"),
    "empty.json": ("", "not JSON"),
    "empty.md": ("", "no block of answers"),
    "empty.ipynb": ("", "not a notebook"),
    "binary.yaml": (bytes(range(256)) * 99, "not UTF-8"),
    "binary.json": (b"\x89PNG\r\n\x1a\n" + bytes(9_000), "not UTF-8"),
    "zeros.yaml": (bytes(9_000), "the character U+0000"),
    "zeros.json": (bytes(9_000), "not JSON"),
    "utf16.md": ("```answers\nL: 1\n```".encode("utf-16"), "not UTF-8"),
    "pickle.pkl": (b"cos\nsystem\n(S'touch " + PROOF.encode() + b"'\ntR.", "cannot be read from .pkl"),
    "no-suffix": ("L: 1", "without a suffix"),
} | {f"large{suffix}": (b" " * 50_000_000, "larger than") for suffix in (".yaml", ".json", ".csv", ".md", ".ipynb")}

# --- names: what is in the files is right ----------------------------------------------------------------------------

NAMES = [
    b"caf\xe9.json", b"new\nline\nTask z: 99 of 99 points.json", b"\x1b[31mred\x1b]0;x\x07.json", b"[red]x[blink].json",
    b"[#f00 on red].json", b"-o.json", b"--jobs=0.json", b"=1+1.json", b"%s%n{0}.json", "\u202egnp.json".encode(),
    b"a" * 250 + b".json", b"  x.json", b"C:\\..\\..\\x.json", b"$(touch " + PROOF.encode() + b").json",
    b"<b>x<b>.json",
]  # fmt: skip
LINKS = "link.yaml", "link-in.yaml", "loop.yaml", "loop", "loop-folder", "outside", "device.yaml", "gone.yaml"


@dataclass
class Run:
    """What the command did with the folder."""

    code: int
    out: str
    errors: str
    reports: dict[str, dict]
    most_memory: int


@pytest.fixture(scope="module")
def school(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("home")
    path = home / "class"
    path.mkdir()
    secret = home / "secret.yaml"
    secret.write_text("L: 0.793\n", encoding="utf-8")
    for name, text in (TYPED | HARMLESS | {name: text for name, (text, _) in REFUSED.items()}).items():
        (path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for name in NAMES:
        Path(os.fsdecode(os.fsencode(path) + b"/" + name)).write_text(HONEST, encoding="utf-8")
    for name, target in zip(
        LINKS,
        (secret, path / "honest.json", path / "loop.yaml", path / "loop", path, home, "/dev/zero", home / "gone"),
        strict=True,
    ):
        (path / name).symlink_to(target)
    os.mkfifo(path / "pipe.yaml")
    os.mkfifo(path / "pipe")
    (path / "sub" / "deeper").mkdir(parents=True)
    (path / "sub-pipe").mkdir()
    os.mkfifo(path / "sub-pipe" / "pipe.yaml")
    (path / "sub-link").mkdir()
    (path / "sub-link" / "link.yaml").symlink_to(secret)
    (path / "sub-many").mkdir()
    for number in range(1_500):
        (path / "sub-many" / f"{number}.txt").touch()
    (path / "sub-good").mkdir()
    (path / "sub-good" / "answers.json").write_text(HONEST, encoding="utf-8")
    for hidden in ".DS_Store", ".hidden.yaml", "sub-good/.hidden.yaml":
        (path / hidden).write_bytes(b"\x00")
    (path / "forbidden.yaml").write_text("L: 1", encoding="utf-8")
    (path / "forbidden.yaml").chmod(0)
    with socket.socket(socket.AF_UNIX) as plug:
        here = Path.cwd()
        os.chdir(path)  # the path of a socket is short
        plug.bind("plug.yaml")
        os.chdir(here)
    (path / "honest.json").write_text(HONEST, encoding="utf-8")
    return path


SCRIPT = f"""
import resource, sys, warnings
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from chalkwork.cli import main
code = main()
lines = open("/proc/self/status").read().split("\\n")  # ru_maxrss would be that of the tests, from before the start
most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
print(most * 1024, file=open(sys.argv[0] + ".memory", "w"))
sys.exit(code)
"""


def command(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """The command in a process with little memory, ended if it hangs, in a folder where a trace would show."""
    script = folder / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(script), "check", str(LEAKY), *map(str, arguments)],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=WATCHDOG, cwd=folder,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1", "TERM": "xterm"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(school, tmp_path_factory) -> Run:
    here = tmp_path_factory.mktemp("here")
    done = command(here, school, "-o", here / "reports.json", "--jobs", "1")
    assert done.returncode in (0, 2), done.stderr.decode()[-3000:]
    data = json.loads((here / "reports.json").read_text(encoding="utf-8"))
    assert sorted(each.name for each in here.iterdir()) == ["reports.json", "script.py", "script.py.memory"]
    reports = {each["title"]: each for each in data if each["problem"] is None}
    unread = [each for each in data if each["problem"] is not None]
    assert len(reports) + len(unread) == len(data)
    assert len(unread) == done.stderr.count(b"chalkwork: ")
    assert all(each["points"] is None and each["tasks"] == [] for each in unread)
    memory = int((here / "script.py.memory").read_text(encoding="utf-8"))
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode(), reports, memory)


@pytest.fixture(scope="module")
def small(school, tmp_path_factory) -> Path:
    """Those of their files that are small: what is long is said in few signs in every report."""
    folder = tmp_path_factory.mktemp("small") / "class"
    folder.mkdir()
    for path in school.iterdir():
        if path.is_symlink() or not path.is_file() or path.name == "forbidden.yaml":
            continue
        if path.stat().st_size < SMALL and (path.name not in TYPED or SHOWN.match(path.name)):
            shutil.copyfile(path, folder / path.name)
    return folder


def test_the_honest_are_marked_as_if_they_were_alone(run, school, tmp_path):
    alone = tmp_path / "alone.json"
    assert command(tmp_path, school / "honest.json", "-o", alone).returncode == 0
    (expected,) = json.loads(alone.read_text(encoding="utf-8"))
    assert expected["points"] == 2
    assert run.reports["honest.json"] == expected
    assert run.reports["sub-good"] == expected | {"title": "sub-good"}


def test_it_ends_in_little_memory_with_nothing_run(run, school):
    assert run.code == 2
    assert run.most_memory < 1 << 30
    assert not list(school.rglob(PROOF)) and not Path(PROOF).exists()
    assert "Traceback" not in run.errors and "Warning" not in run.errors


def test_nothing_but_the_hand_ins_was_unexpected(run):
    assert "it cannot be marked" not in run.errors


@pytest.mark.parametrize("name", TYPED)
def test_a_hostile_value_earns_nothing_and_its_file_is_read(run, name):
    task = run.reports[name]["tasks"][0]
    verdicts = {result["name"]: result["verdict"] for result in task["results"]}
    assert verdicts["L"] in ("wrong", "unreadable", "blank", "mistake")
    assert verdicts["z1"] in ("wrong", "unreadable", "blank", "mistake")
    assert task["points"] == 0
    assert all(len(result["message"]) < 500 for result in task["results"])


@pytest.mark.parametrize("name", HARMLESS)
def test_a_file_that_says_nothing_earns_nothing(run, name):
    assert run.reports[name]["points"] == 0


def error_about(run: Run, name: str) -> str:
    (line,) = [line for line in run.errors.splitlines() if re.search(rf"/class/{re.escape(name)}(:|, line)", line)]
    assert len(line) < 600
    return line


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_and_says_why(run, name):
    assert REFUSED[name][1] in error_about(run, name)
    assert name not in run.reports


@pytest.mark.parametrize(
    ("name", "message"),
    [*((name, "a link is not followed") for name in LINKS), ("sub-link/link.yaml", "a link is not followed"),
     ("pipe.yaml", "no regular file"), ("pipe", "without a suffix"), ("plug.yaml", "no regular file"),
     ("sub-pipe/pipe.yaml", "no regular file"), ("sub", "no file of answers"), ("sub-many", "more than 1000 files")],
)  # fmt: skip
def test_what_is_no_file_of_a_student_is_refused(run, name, message):
    assert message in error_about(run, name)
    assert name not in run.reports


@pytest.mark.skipif(os.geteuid() == 0, reason="a superuser may read everything")
def test_a_file_without_permission_is_refused(run):
    assert "Permission denied" in error_about(run, "forbidden.yaml")


def test_hidden_files_are_passed_over(run):
    assert "hidden" not in run.errors and ".DS_Store" not in run.errors
    assert not any(title.startswith(".") for title in run.reports)


def test_names_of_files_are_only_names(run):
    right = {title for title, report in run.reports.items() if report["points"] == 2}
    assert len(right) == len(NAMES) + 2
    assert all(title.isprintable() for title in run.reports)
    assert {"[red]x[blink].json", "-o.json", "=1+1.json", "%s%n{0}.json", "a" * 250 + ".json"} <= right


SHOWS = re.compile(r"[\n\x20-\x7e\xa0-\U0010ffff]*")


def test_nothing_of_theirs_steers_the_terminal(run, small, tmp_path):
    done = command(tmp_path, small, "--jobs", "1", "--each")
    assert done.returncode == 2
    for text in done.stdout.decode(), done.stderr.decode(), run.errors, run.out:
        assert SHOWS.fullmatch(text)
        assert "\u202e" not in text
        assert not re.search("^Task z", text, re.MULTILINE)
    assert "[red]x[blink].json" in done.stdout.decode()
    assert f"{read_of(small)} hand-ins" in done.stdout.decode()


def read_of(folder: Path) -> int:
    """How many of the files are read."""
    return len({path.name for path in folder.iterdir() if not path.name.startswith(".")} - REFUSED.keys())


def test_a_page_for_each_of_them_can_be_written(small, tmp_path):
    pages = tmp_path / "pages"
    assert command(tmp_path, small, "-o", pages, "--view", "student", "--jobs", "1").returncode == 2
    assert len(list(pages.iterdir())) == read_of(small) + 2
    assert all(re.fullmatch(r"[^\W_][\w.-]*[.](html|csv)", page.name) for page in pages.iterdir())
    for page in pages.iterdir():
        text = page.read_text(encoding="utf-8")
        assert "\x1b" not in text
        assert not re.search("<b>x" if page.suffix == ".html" else r"(?m)^[=+\-@]", text)


def test_one_who_hands_in_nothing_readable_is_alone_refused(tmp_path):
    (tmp_path / "bad.yaml").write_text("z1: [", encoding="utf-8")
    done = command(tmp_path, tmp_path / "bad.yaml", "-o", tmp_path / "out.json")
    assert done.returncode == 2 and b"bad.yaml" in done.stderr and b"Traceback" not in done.stderr
    (unread,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert unread["title"] == "bad.yaml" and unread["problem"].startswith("line ")
