"""How well programs are checked: plain NumPy training steps as people write them, with a mistake in one line.

    python benchmarks/programs.py [--programs N] [--seed S] [--examples K]

A program is put together from lines: the layers, the loss, names, what keeps the values (variables, a class, lists,
dictionaries, functions), the side on which the weights stand and the convention for the errors are drawn. Two in five
are right, in any of the conventions; in the others one line is exchanged for one that does something else. The program
is run twice: once to hand in its variables as they are, and once in a block that is recorded. Only mistakes that change
a number count.
"""

# ruff: noqa: E501  a line of a program stands beside what may be in its place
from __future__ import annotations

import argparse
import linecache
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from program_lines import HELPERS, Line, Setting, drawn, lines_of, solved, spelling

import chalkwork
from chalkwork.checking.report import Report
from chalkwork.solutions.solution import Solution

RIGHT = 0.4

# --- a program -------------------------------------------------------------------------------------------------------


def written(s: Setting, lines: list[Line]) -> tuple[str, dict[int, int], str]:
    """The source, the number of each line in it, and the call that does a step."""
    axis = -1 if s.rows else 0
    text = HELPERS.format(axis=axis).strip().splitlines()
    places: dict[int, int] = {}

    def add(part: str | None, indent: str) -> None:
        for number, line in enumerate(lines):
            if part is None or line.part == part:
                text.append(indent + line.text)
                places[number] = len(text)

    if s.style == "class":
        text += ["class Network:"]
        for part, arguments in (("forward", "X, Y"), ("backward", "X, Y"), ("update", "rate")):
            text.append(f"    def {part}(self, {arguments}):".replace(", Y", f", {spelling(s)['y']}"))
            add(part, "        ")
        y = spelling(s)["y"]
        return "\n".join(text), places, f"net.forward(X, {y})\nnet.backward(X, {y})\nnet.update(rate)"
    if s.style == "functions":
        y = spelling(s)["y"]
        own = [f"W{k}" for k in range(1, s.depth + 1)] + ([f"b{k}" for k in range(1, s.depth + 1)] if s.bias else [])
        text.append(f"def step(X, {y}, {', '.join(own)}, rate):")
        add(None, "    ")
        text.append(f"    return {', '.join(own)}")
        return "\n".join(text), places, f"{', '.join(own)} = step(X, {y}, {', '.join(own)}, rate)"
    helpers = "\n".join(text)
    text = []
    add(None, "")
    return helpers, places, "\n".join(text)


def _compiled(file: str, source: str, space: dict[str, Any]) -> None:
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), space)


def run(s: Setting, lines: list[Line]) -> tuple[Any, dict[str, Any]] | None:
    """The recording of one step, and the variables after it; None where it stops with an error."""
    source, _, call = written(s, lines)
    names = spelling(s)
    space: dict[str, Any] = {
        "X": s.values["x"].copy(),
        names["y"]: s.values["y"].copy(),
        "rate": s.rate,
        "__name__": "__main__",
    }
    helpers = s.style in ("class", "functions")
    _compiled("<program>" if helpers else "<helpers>", source, space)
    params = {key: value.copy() for key, value in s.values.items() if key[0] in "Wb"}
    if s.style == "class":
        space["net"] = space["Network"]()
        vars(space["net"]).update(params)
    elif s.style == "dicts":
        space |= {"params": params, "cache": {}, "grads": {}}
    elif s.style == "lists":
        empty = [None] * s.depth
        space |= {"weights": [params[f"W{k}"] for k in range(1, s.depth + 1)], "zs": [*empty],
                  "activations": [space["X"], *empty], "deltas": [*empty], "nabla_w": [*empty], "nabla_b": [*empty]}  # fmt: skip
        if s.bias:
            space["biases"] = [params[f"b{k}"] for k in range(1, s.depth + 1)]
    else:
        space |= params
    space["record"] = chalkwork.record
    inner = "".join(f"    {line}\n" for line in call.splitlines())
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _compiled("<step>" if helpers else "<program>", f"with record() as run:\n{inner}", space)
    except (ValueError, IndexError, FloatingPointError):
        return None
    return space.pop("run"), space


# --- what is said of it ----------------------------------------------------------------------------------------------


@dataclass
class Tally:
    counts: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def judged(
        self,
        way: str,
        solution: Solution,
        report: Report,
        firsts: set[str],
        ids: tuple[str, ...],
        places: dict[str, int],
        told: str,
    ) -> None:
        """Count what a report on a program with a mistake says."""
        count = self.counts
        count[f"{way}: mistakes"] += 1
        first = report.first_wrong
        result = report[first] if first else None
        order = list(solution)
        unseen = firsts - report.keys()  # then it is seen in what is made of it
        found = first in firsts or (first is not None and any(order.index(first) > order.index(one) for one in unseen))
        count[f"{way}: first wrong step"] += found
        named = bool(result and set(result.mistakes[:1]) & set(ids)) or bool(result and result.mistakes and "*" in ids)
        listed = named or bool(result and set(result.mistakes) & set(ids))
        seen = bool(result and not result.mistakes and result.message.count("Wrong: "))
        count[f"{way}: named"] += found and listed
        count[f"{way}: named or seen"] += found and (listed or seen)
        wrongly = bool(result and result.mistakes) and not (found and listed)
        count[f"{way}: wrongly named"] += wrongly
        line = result is not None and result.at is not None and result.at.line == places.get(first or "")
        count[f"{way}: line"] += line
        if not found or wrongly or not (listed or seen) or (places and not line):
            said = f"{first} {list(result.mistakes)} {result.at.line if result.at else '-'}" if result else "nothing"
            self.missed.append(f"{way}: {told}\n    said: {said}")


def one(random: np.random.Generator, tally: Tally) -> None:
    s = drawn(random)
    lines = lines_of(s)
    shift = 1 if s.style not in ("class", "functions") else 0
    places = {number: line + shift for number, line in written(s, lines)[1].items()}
    right = run(s, lines)
    assert right is not None
    solution = solved(s)
    if random.random() < RIGHT:
        recording, space = right
        tally.counts["right programs"] += 1
        for way, given in (("record", recording), ("variables", space)):
            report = solution.check(given)
            if report.first_wrong is not None:
                tally.counts[f"{way}: false alarm"] += 1
                tally.missed.append(f"{way}: FALSE ALARM {s.convention} {s.style}\n{report}")
        return
    able = [number for number, line in enumerate(lines) if line.wrong]
    number = int(random.choice(able))
    line = lines[number]
    text, ids = line.wrong[random.integers(len(line.wrong))]
    changed = [*lines[:number], Line(line.makes, text, line.part), *lines[number + 1 :]]
    with_mistake = run(s, changed)
    if with_mistake is None:
        return
    recording, space = with_mistake
    firsts = {line.shows or line.makes}
    if "ascent" in ids and line.part == "backward":  # as good as an update with another sign
        firsts |= {f"W{k}_new" for k in range(1, s.depth + 1)} | {f"b{k}_new" for k in range(1, s.depth + 1)}
        firsts &= set(solution)
    if "ascent" in ids and line.part == "update" and s.depth == 1 and not s.bias:  # the same, the other way round
        firsts, ids = {*firsts, "delta1"}, (*ids, "error-sign")
    at = {one.makes: places[place] for place, one in enumerate(lines)} | {line.shows or line.makes: places[number]}
    told = f"{s.style}, {s.convention}, {s.loss}, {s.output}, {s.hidden}, {s.sizes} x {s.samples}, {'rows' if s.rows else 'columns'}\n    {line.text}   ->   {text}   {sorted(firsts)} {ids} line {places[number]}"
    for way, was, given in (("record", right[0], recording), ("variables", right[1], space)):
        if way == "variables" and s.style == "functions":
            continue  # what a function held is gone
        before, after = solution.check(was), solution.check(given)
        if any(not _alike(before.get(name), after.get(name)) for name in {**before, **after}):
            tally.judged(way, solution, after, firsts, ids, at if way == "record" else {}, told)


def _alike(before: Any, after: Any) -> bool:
    """Whether both programs have the same numbers there."""
    if before is None or after is None:
        return before is after
    one, other = np.asarray(before.given), np.asarray(after.given)
    return one.size == other.size and np.allclose(one.ravel(), other.ravel(), 1e-9, 1e-12)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=5)
    arguments = parser.parse_args()
    tally = Tally()
    for number in range(arguments.programs):
        one(np.random.default_rng([arguments.seed, number]), tally)
    counts = tally.counts
    print(f"{counts['right programs']} right programs")
    for way in ("record", "variables"):
        all_ = max(1, counts[f"{way}: mistakes"])
        print(f"{way}: {all_} mistakes, {counts[f'{way}: false alarm']} false alarms")
        for what in ("first wrong step", "named or seen", "named", "wrongly named", "line"):
            if way == "record" or what != "line":
                print(f"  {what:<20} {100 * counts[f'{way}: {what}'] / all_:6.1f} %")
    for example in tally.missed[: arguments.examples]:
        print(example)


if __name__ == "__main__":
    main()
