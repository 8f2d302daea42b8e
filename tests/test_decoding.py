"""Greedy and beam search over given probabilities, against a search written otherwise, and what is said of it."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest

from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.decoding import decoding

START = {"a": 0.5, "b": 0.5}
AFTER = {"a": {"a": 0.4, "b": 0.4, "end": 0.2}, "b": {"a": 0.7, "end": 0.3}, "b a": {"b": 0.9, "end": 0.1}}


def searched(start: Any, after: Any, beam: int, length: int) -> list[tuple[str, float]]:
    """The same over all sequences at once, cut after each word."""
    lines = [((), 1.0)]
    for _ in range(length):
        grown = []
        for words, chance in lines:
            if words and words[-1] == "end":
                grown.append((words, chance))
                continue
            row = after.get(" ".join(words[-2:]), after.get(words[-1])) if words else start
            grown += [((*words, word), chance * more) for word, more in row.items()]
        lines = sorted(grown, key=lambda line: -line[1])[:beam]
    return [(" ".join(words), chance) for words, chance in lines]


def test_it_keeps_what_another_search_keeps() -> None:
    rng = np.random.default_rng(4)
    for beam in (1, 2, 3):
        letters = ["x", "y", "end"]
        rows = {word: dict(zip(letters, rng.dirichlet(np.ones(3)).round(6), strict=True)) for word in ("x", "y", "x y")}
        start = dict(zip("xy", (0.6, 0.4), strict=True))
        rows = {words: {word: float(p) * 0.99 for word, p in row.items()} for words, row in rows.items()}
        answer = decoding(start=start, after=rows, beam=beam, length=4)
        for place, (words, chance) in enumerate(searched(start, rows, beam, 4), 1):
            assert answer.setting.words[f"h4_{place}"].value == words
            assert answer[f"s4_{place}"].item() == pytest.approx(chance, rel=1e-12)


def test_logarithms_lengths_and_ties_are_said() -> None:
    answer = decoding(start=START, after=AFTER, beam=2, length=3, scores="log", length_penalty=1)
    assert answer["s1_1"].item() == pytest.approx(log(0.5))
    assert answer["n1"].item() == pytest.approx(answer["s3_1"].item() / 3)
    said = " ".join(str(decoding(start=START, after=AFTER, length=2)).split())
    assert "a and b have the same score; the one that was listed first is kept" in said
    assert "a a and a b have the same score" in said
    said = " ".join(str(answer).split())
    assert "At the end a score is divided by the number of words, end among them." in said
    assert "Greedy search would have ended with" in said
    each = decoding(steps=[{"u": 0.6, "v": 0.4}, {"u": 0.1, "v": 0.9}])
    assert each.setting.words["best"].value == "u v" and each["s2_1"].item() == pytest.approx(0.54)


def test_what_is_handed_in_is_marked_and_mistakes_are_named() -> None:
    answer = decoding(start=START, after=AFTER, beam=2, length=2)
    typed: dict[str, Any] = {name: round(answer[name].item(), 6) for name in answer.derivation}
    report = answer.check(typed | {"best": "b a"})
    assert report.score == 1, report
    wrong = answer.check(typed | {"s2_1": 1.2})
    assert "scores-added-or-multiplied" in wrong["s2_1"].mistakes
    assert "last-word-alone" in answer.check(typed | {"s2_1": 0.7})["s2_1"].mistakes
    logs = decoding(start=START, after=AFTER, beam=2, length=2, scores="log")
    assert "scores-added-or-multiplied" in logs.check({"s2_1": log(0.5) * log(0.7)})["s2_1"].mistakes
    assert answer.check({"best": "a b"})["best"].verdict == "wrong"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start": START}, "length says after how many words"),
        ({"start": START, "length": 3}, "nothing says which word follows 'a'"),
        ({"start": {"a": 0.7, "b": 0.4}, "length": 1}, "add up to 1.1, which is more than 1"),
        ({"length": 1}, "give start and after, or steps"),
        ({"start": START, "steps": [START], "length": 1}, "give start and after, or steps"),
        ({"start": START, "after": AFTER, "length": 2, "length_penalty": 1}, "divides a sum of logarithms"),
        ({"start": {"a b": 1}, "length": 1}, "is none, or several"),
        ({"start": {"a": -1}, "length": 1}, "the probability of a in start is a number from 0"),
        ({"steps": [START], "length": 2}, "there are probabilities for 1 word"),
        ({"start": START, "after": AFTER, "length": 99}, "at most 12 words"),
    ],
)
def test_what_does_not_fit_is_said(given: Any, said: str) -> None:
    with pytest.raises(ChalkworkError, match=said):
        decoding(**given)
