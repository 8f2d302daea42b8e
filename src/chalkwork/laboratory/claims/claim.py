"""A claim: read, proved step by step or refuted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from chalkwork.algebra.expression import Number
from chalkwork.budget import within
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.derived import derived
from chalkwork.laboratory.claims.domain import Domain, written
from chalkwork.laboratory.claims.findings import Findings, repaired_places
from chalkwork.laboratory.claims.named import named, recognised
from chalkwork.laboratory.claims.statement import Context, Step, read_proof, saying
from chalkwork.laboratory.claims.verify import verify
from chalkwork.laboratory.claims.writing import script
from chalkwork.solutions.setting import Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

MOST_SECONDS = 40.0  # for one claim with its proof
PROOF = Stage("proof", "The proof")
FIRST_WRONG = "first_wrong_step"


class Claim:
    r"""An identity, an inequality, or a chain of them, with its proof if the author gives one.

    `statement` and the steps of `proof` are plain maths or LaTeX; a step is a text, `(text, reason)`, or a mapping with
    `step` and `because`; one that begins with a relation goes on from the step before (the first from the claim's left
    side). `domain` gives names their range (`real` if none): `positive`, `negative`, `nonnegative`, `integer`,
    `natural`, `[0, 1]`, `(0, inf)`, `vector 3`, `matrix 2x3`. `define` holds functions and quantities, `f(x) = ...` and
    `c = a + b`. `at` is a point to try before all others.

    Raises ReadError, with the place, for what cannot be read; ChalkworkError for what makes no sense.

    >>> Claim("sigma(-x) = 1 - sigma(x)").check()["verdict"]
    'proved'
    >>> answer = Claim("(a + b)^2 = a^2 + b^2").check()
    >>> answer["verdict"], answer["counterexample"]
    ('false', {'point': {'a': 1.0, 'b': 2.0}, 'left': 9.0, 'right': 5.0, 'difference': 4.0})
    """

    def __init__(
        self,
        statement: str,
        proof: Iterable[Step] = (),
        *,
        domain: Mapping[str, Any] | None = None,
        define: Iterable[str] | str = (),
        at: Mapping[str, float | Fraction] | None = None,
    ) -> None:
        self.at = _point(at)
        self.context = Context(Domain.of(domain), values=self.at or {})
        for text in [define] if isinstance(define, str) else define:
            with saying("define"):
                self.context.define(text)
        self.links = self.context.links(statement)
        self.proof = read_proof(self.context, self.links, list(proof))

    def check(self, style: Style | None = None) -> Solution:
        """Verify the claim and every step of its proof.

        The values: `verdict` is "proved" (exactly or by intervals, every step), "true at many points" (not all of it
        proved), "false" (with `counterexample`: point, left, right), "false step" (the claim holds, a step of its proof
        does not), or "open" (no point was found where both sides have a value and can be told apart). `claim` and
        `steps` are lists of mappings: left, relation, right, because, way (exact, intervals, points, false, undefined),
        how, points, equality (where a bound is reached), counterexample, and `undoes` where it only takes back the
        mistake of the step before. `leads` says of a given proof whether its steps connect the sides of the claim as
        they are written (None for inequalities). `name` is that of the library's proof where it is used.
        """
        name, links, context = "", self.proof, self.context
        known = None if links else recognised(self.links)
        if known is not None:
            name, links, context = known
        with within(MOST_SECONDS):
            claim = [verify(link, self.context, self.at) for link in self.links]
            steps = [verify(link, context, self.at) for link in links]
            repaired = repaired_places(steps, context)
            own = [] if steps or not all(each.proved for each in claim) else derived(self.links, self.context)
            way = [verify(link, self.context) for link in own]
        shown = way if all(each.proved for each in way) else []
        return _solution(Findings(self.context, claim, context, steps, repaired, name, shown), style or Style())


def _solution(found: Findings, style: Style) -> Solution:
    """The verdict, and the number of the first step that does not hold where there is one."""
    wrong = [
        Equation(FIRST_WRONG, Number(number), PROOF, "The first step that does not hold.")
        for number in found.wrong_steps[:1]
    ]
    setting = Setting(
        title="A claim",
        letters={FIRST_WRONG: Symbol(r"\text{first wrong step}", "first wrong step")},
        script=partial(script, found=found),
        asked=("verdict", *(equation.name for equation in wrong)),
        words={"verdict": found.word},
        facts=found.facts(),
    )
    return Solution(Derivation((), tuple(wrong)), {}, style, setting)


def prove(name: str, style: Style | None = None) -> Solution:
    """The library's own proof of that name, every step verified; the values are those of `Claim.check`.

    Raises ChalkworkError where there is no such proof; `PROOFS` lists them.

    >>> prove("sigmoid-symmetry")["steps"][-1]["right"]
    '1 - sigmoid(x)'
    """
    entry = named(name)
    answer = Claim(entry.statement, domain=entry.domain).check(style)
    setting = answer.setting._replace(title=name.replace("-", " ").capitalize())
    return Solution(answer.derivation, {}, answer.style, setting)


def _point(at: Mapping[str, float | Fraction] | None) -> dict[str, Fraction] | None:
    if at is None:
        return None
    given: Any = at
    if not isinstance(given, Mapping):
        raise ChalkworkError(f"at is a mapping such as {{a: 2, b: 1}}, not {at!r:.60}")
    point: dict[str, Fraction] = {}
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not abs(float(value)) < 1e9:
            raise ChalkworkError(f"at: expected a number for {name}, found {value!r:.60}")
        point[written(str(name))] = Fraction(str(value))
    return point
