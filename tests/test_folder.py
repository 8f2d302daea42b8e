"""A class of hand-ins: marked in batches, interrupted, taken up again, on many processors."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import joblib
import pytest
from test_check_sheet import LEAKY, RIGHT

from chalkwork.cli import main
from chalkwork.cli.door import progressing
from chalkwork.errors import TRACEBACK, ChalkworkError, fault
from chalkwork.sheets import folder
from chalkwork.sheets.check import HandIn
from chalkwork.sheets.folder import check_folder, hand_in_files
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.journal import from_data, to_json

SHEET = read_sheet(LEAKY)


def answers(seed: int) -> dict[str, dict[str, object]]:
    """Right answers, some blank, slipped, unreadable or under names that nobody knows."""
    draw = random.Random(seed)
    other: list[object] = ["", "0.3", "0.1; 0.2; 0.3", "x y", None, "-0.5475 0.5475", "1 2; 3 4"]
    given = {
        task: {name: value if draw.random() < 0.7 else draw.choice(other) for name, value in values.items()}
        for task, values in RIGHT.items()
    }
    return given | ({f"z{seed}": {"q": 1}} if draw.random() < 0.2 else {})


@pytest.fixture
def school(tmp_path):
    path = tmp_path / "class"
    path.mkdir()
    for number in range(25):
        (path / f"s{number:02}.json").write_text(json.dumps(answers(number)) + " " * number, encoding="utf-8")
    return path


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(folder, "BATCH", 4)
    monkeypatch.setattr(folder, "FEW_BATCHES", 1)


def as_data(hand_ins):
    return [json.loads(to_json(hand_in)) for hand_in in hand_ins]


# --- batches ----------------------------------------------------------------------------------------------------------


def test_a_report_does_not_depend_on_who_else_is_marked(school, monkeypatch):
    whole, errors = check_folder(SHEET, [school])
    assert not errors and len({each.earned for each in whole}) > 5
    for size in 1, 7:
        monkeypatch.setattr(folder, "BATCH", size)
        monkeypatch.setattr(folder, "FEW_BATCHES", 100)
        assert as_data(check_folder(SHEET, [school])[0]) == as_data(whole)


def test_batches_are_bounded_in_number_and_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "BATCH", 3)
    monkeypatch.setattr(folder, "BATCH_BYTES", 100)
    for number, size in enumerate((10, 10, 10, 10, 95, 200, 1)):
        (tmp_path / f"{number}.md").write_bytes(b" " * size)
    files = [each for each in hand_in_files([tmp_path]) if not isinstance(each, ChalkworkError)]
    assert [len(batch) for batch in folder._batches(files)] == [3, 1, 1, 1, 1]


def test_an_unexpected_error_costs_only_the_hand_in_that_causes_it(school, monkeypatch):
    monkeypatch.delenv(TRACEBACK)
    plain = as_data(check_folder(SHEET, [school])[0])
    honest, sizes = folder.check_class, []

    def fragile(sheet, hand_ins):
        sizes.append(len(hand_ins))
        if {"s03.json", "s17.json"} & set(hand_ins):
            raise RuntimeError("never seen\nbefore")
        return honest(sheet, hand_ins)

    monkeypatch.setattr(folder, "check_class", fragile)
    hand_ins, errors = check_folder(SHEET, [school])
    assert as_data(hand_ins) == [data for data in plain if data["title"] not in ("s03.json", "s17.json")]
    assert [str(error) for error in errors] == [
        f"{school / name}: it cannot be marked: {fault(RuntimeError())}" for name in ("s03.json", "s17.json")
    ]
    assert sizes[0] == 25 and len(sizes) < 25  # by halves, not one by one


def test_an_unexpected_error_in_reading_costs_only_that_hand_in(school, monkeypatch):
    monkeypatch.delenv(TRACEBACK)
    honest = folder.read_hand_in
    monkeypatch.setattr(
        folder, "read_hand_in", lambda path, solved: 1 / 0 if path.name == "s03.json" else honest(path, solved)
    )
    hand_ins, (error,) = check_folder(SHEET, [school])
    assert len(hand_ins) == 24 and "s03.json: it cannot be marked: this is a fault" in str(error)


def test_what_is_wrong_with_the_sheet_is_no_hand_ins_fault(school):
    sheet = parse_sheet("```graph\nequations: c = log(a)\n```\n```task\nid: t\nvalues: {a: -1}\nask: [c]\n```\n")
    with pytest.raises(ChalkworkError, match="log"):
        check_folder(sheet, [school])


# --- the journal ------------------------------------------------------------------------------------------------------


def test_reports_survive_the_journal(school):
    for hand_in in check_folder(SHEET, [school])[0]:
        again = from_data(HandIn, json.loads(to_json(hand_in)))
        assert again.title == hand_in.title and again.unused == hand_in.unused and again.earned == hand_in.earned
        assert again.tasks[0].report.unused == hand_in.tasks[0].report.unused
        assert again == hand_in and str(again) == str(hand_in) and isinstance(again.earned, Fraction)


def stopped(school, journal, after=3):
    """Marking that is interrupted when so many hand-ins or more are done."""

    def interrupt(done, of):
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_folder(SHEET, [school], keep=journal, progress=interrupt)


def counted(monkeypatch):
    """The titles that are marked from now on."""
    honest, marked = folder.check_class, []

    def count(sheet, hand_ins):
        marked.extend(hand_ins)
        return honest(sheet, hand_ins)

    monkeypatch.setattr(folder, "check_class", count)
    return marked


def test_what_an_interrupted_run_marked_is_not_marked_again(school, tmp_path, monkeypatch, small_batches):
    monkeypatch.setattr(folder, "FEW_BATCHES", 100)
    whole = as_data(check_folder(SHEET, [school])[0])
    journal = tmp_path / "journal"
    stopped(school, journal, after=10)
    with journal.open("a", encoding="utf-8") as stream:
        stream.write('{"file": "cut o')
    (school / "s01.json").write_text(json.dumps(answers(99)), encoding="utf-8")
    (school / "s02.json").rename(school / "s02b.json")
    (school / "s25.json").write_text(json.dumps(answers(25)), encoding="utf-8")
    marked, seen = counted(monkeypatch), []
    hand_ins, _ = check_folder(
        SHEET, [school], keep=journal, resume=True, progress=lambda done, of: seen.append((done, of))
    )
    assert marked == ["s01.json", *(f"s{number}.json" for number in range(12, 26))]
    assert seen[0] == (11, 26) and seen[-1] == (26, 26)
    assert [each.title for each in hand_ins] == sorted(path.name for path in school.iterdir())
    assert as_data(hand_ins)[3:25] == whole[3:]
    assert as_data(hand_ins)[1] != whole[1] and as_data(hand_ins)[2] == whole[2] | {"title": "s02b.json"}
    marked.clear()  # and all of it is there now
    assert as_data(check_folder(SHEET, [school], keep=journal, resume=True)[0]) == as_data(hand_ins)
    assert not marked


def test_another_sheet_or_no_wish_to_resume_begins_anew(school, tmp_path, monkeypatch):
    journal = tmp_path / "journal"
    check_folder(SHEET, [school], keep=journal)
    marked = counted(monkeypatch)
    check_folder(SHEET, [school], keep=journal)
    assert len(marked) == 25
    other = parse_sheet(LEAKY.read_text(encoding="utf-8") + "\nAnother line.\n", file=str(LEAKY))
    check_folder(other, [school], keep=journal, resume=True)
    assert len(marked) == 50
    check_folder(other, [school], keep=journal, resume=True)
    assert len(marked) == 50


def test_a_file_that_is_no_journal_is_not_overwritten(school, tmp_path):
    journal = tmp_path / "reports.json.journal"
    for text in "my diary\n", "[1, 2]", "{}", "[" * 100_000:
        journal.write_text(text, encoding="utf-8")
        with pytest.raises(ChalkworkError, match="not a journal"):
            check_folder(SHEET, [school], keep=journal, resume=True)
        assert journal.read_text(encoding="utf-8") == text
    with pytest.raises(ChalkworkError, match="cannot be written"):
        check_folder(SHEET, [school], keep=tmp_path / "nowhere" / "journal")


def test_lines_of_a_journal_that_say_nothing_are_passed_over(school, tmp_path, monkeypatch):
    journal = tmp_path / "journal"
    whole = as_data(check_folder(SHEET, [school], keep=journal)[0])
    head, first, *rest = journal.read_text(encoding="utf-8").splitlines()
    bad = [first[:-9], "[]", "7", "{}", '{"file": 1, "hand_in": {"title": 3}}', "[" * 9000, first.replace("1", "q")]
    journal.write_text("\n".join([head, *bad, *rest]), encoding="utf-8")
    marked = counted(monkeypatch)
    assert as_data(check_folder(SHEET, [school], keep=journal, resume=True)[0]) == whole
    assert marked == ["s00.json"]


def test_the_command_removes_the_journal_when_the_reports_are_written(school, tmp_path, capsys):
    out = tmp_path / "class.csv"
    journal = tmp_path / "class.csv.journal"
    assert main(["check", str(LEAKY), str(school), "-o", str(out)]) == 0 and not journal.exists()
    whole = out.read_bytes()
    stopped(school, journal)
    assert main(["check", str(LEAKY), str(school), "-o", str(out), "--resume"]) == 0
    assert out.read_bytes() == whole and not journal.exists()
    sheet = tmp_path / "sheet.md"
    sheet.write_bytes(LEAKY.read_bytes())
    capsys.readouterr()
    assert main(["check", str(sheet), str(school), "--resume"]) == 0
    printed = capsys.readouterr().out
    assert main(["check", str(sheet), str(school)]) == 0 and capsys.readouterr().out == printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class", "class.csv", "sheet.md"]


def test_reports_do_not_come_to_lie_among_the_hand_ins(school, capsys):
    before = {path: path.read_bytes() for path in school.iterdir()}
    for out in school, school / "reports.json", school / "s00.json", school / "pages", school / ".." / school.name:
        assert main(["check", str(LEAKY), str(school), "-o", str(out)]) == 2
        said = capsys.readouterr().err
        assert "lies in the folder of the hand-ins" in said or "s00.json would be written over" in said
    assert {path: path.read_bytes() for path in school.iterdir()} == before


def test_what_is_expected_is_for_the_tutor(school, tmp_path):
    out = tmp_path / "reports.json"
    for view, told in ("tutor", True), ("student", False):
        assert main(["check", str(LEAKY), str(school), "-o", str(out), "--view", view]) == 0
        assert ('"expected"' in out.read_text(encoding="utf-8")) is told


def test_the_folder_at_hand_may_get_the_reports(school, tmp_path, monkeypatch):
    (tmp_path / "pages").mkdir()
    monkeypatch.chdir(tmp_path / "pages")
    assert main(["check", str(LEAKY), str(school / "s00.json"), "-o", "."]) == 0
    assert sorted(path.name for path in Path().iterdir()) == ["class.csv", "class.html", "s00.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class", "pages"]


COMMAND = """
import sys
from chalkwork.cli import main
from chalkwork.sheets import folder
folder.BATCH, folder.FEW_BATCHES = 3, 1
sys.exit(main())
"""


def test_an_interrupt_from_the_keyboard_leaves_what_is_done(school, tmp_path):
    for number in range(25, 200):
        (school / f"s{number}.json").write_text(json.dumps(answers(number)), encoding="utf-8")
    out, journal = tmp_path / "reports.json", tmp_path / "reports.json.journal"
    command = [sys.executable, "-c", COMMAND, "check", str(LEAKY), str(school), "-o", str(out), "--jobs", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (journal.exists() and journal.stat().st_size > 5_000):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors.endswith(b"--resume goes on from there\nchalkwork: interrupted\n")
    assert b"Traceback" not in errors
    assert not out.exists() and 1 < len(journal.read_text(encoding="utf-8").splitlines()) < 200
    assert main(["check", str(LEAKY), str(school), "-o", str(out), "--resume"]) == 0
    taken_up = out.read_bytes()
    assert main(["check", str(LEAKY), str(school), "-o", str(out)]) == 0
    assert out.read_bytes() == taken_up and not journal.exists()


# --- many processors --------------------------------------------------------------------------------------------------


@pytest.fixture
def poor(school):
    """One hand-in that cannot be read, so that errors have to travel too."""
    (school / "s07.json").write_text("{", encoding="utf-8")
    return school


def same(one, other):
    assert as_data(one[0]) == as_data(other[0])
    assert [str(error) for error in one[1]] == [str(error) for error in other[1]]
    assert len(one[0]) == 24 and len(one[1]) == 1


def test_processes_give_what_one_process_gives(poor, small_batches, tmp_path):
    serial = check_folder(SHEET, [poor], jobs=1)
    seen = []
    many = check_folder(
        SHEET, [poor], jobs=2, keep=tmp_path / "journal", progress=lambda done, of: seen.append((done, of))
    )
    same(many, serial)
    assert seen[0] == (0, 25) and seen[-1] == (25, 25) and len(seen) == 8


@pytest.mark.filterwarnings("ignore:os.fork")  # other tests have left JAX in this process
@pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
def test_a_surrounding_joblib_configuration_is_followed(poor, small_batches, backend, monkeypatch):
    serial = check_folder(SHEET, [poor])
    with joblib.parallel_config(backend=backend, n_jobs=2):
        same(check_folder(SHEET, [poor]), serial)


def test_dask_takes_over(poor, small_batches, monkeypatch):
    from distributed import Client, LocalCluster

    serial = check_folder(SHEET, [poor])
    honest, threads = folder.mark_batch, []

    def watched(*arguments):
        threads.append(threading.current_thread().name)
        return honest(*arguments)

    monkeypatch.setattr(folder, "mark_batch", watched)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        same(check_folder(SHEET, [poor]), serial)
    assert len(threads) == 7 and all("Dask" in name for name in threads)


def test_a_small_class_starts_no_worker(school, monkeypatch):
    monkeypatch.setattr(joblib, "Parallel", None)
    assert len(check_folder(SHEET, [school], jobs=-1)[0]) == 25


def test_a_worker_that_is_killed_is_an_error_that_says_so(school, small_batches, monkeypatch):
    def killed(*_, **__):
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        raise TerminatedWorkerError("gone")
        yield

    monkeypatch.setattr(joblib.Parallel, "__call__", killed)
    with pytest.raises(ChalkworkError, match="a worker was ended"):
        check_folder(SHEET, [school], jobs=2)


@pytest.mark.parametrize("jobs", ["0", "-1", "x", "1e9", "10000000000"])
def test_the_number_of_jobs_is_checked(school, jobs, capsys):
    with pytest.raises(SystemExit):
        main(["check", str(LEAKY), str(school), "--jobs", jobs])
    assert "expected a number from 1 to" in capsys.readouterr().err


# --- progress ---------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_on_a_terminal_and_nowhere_else(school, monkeypatch, capsys):
    assert main(["check", str(LEAKY), str(school)]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progressing() as progress:
        progress(3, 25)
        progress(25, 25)
    assert "25/25" in sys.stderr.getvalue()


def test_marking_starts_without_what_it_does_not_need(school):
    code = (
        "import sys; from chalkwork.cli import main; main(); "
        "print(*sorted({'joblib', 'rich', 'dask', 'jax', 'typst'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "check", str(LEAKY), str(Path(school) / "s00.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == ""
