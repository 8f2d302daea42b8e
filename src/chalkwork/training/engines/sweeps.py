"""Equations that recur from step to step of a sequence, as one loop of JAX: compiled once for any number of steps.

In a loop stays what depends on the step before. What does not, a product of what enters with the weights, is done for
all steps at once before it; a sum over all steps, the gradient of shared weights, is one product after it. Products of
the same matrix with several weights become one with the weights side by side.

Source: Appleyard, Kocisky and Blunsom, Optimizing Performance of Recurrent Neural Networks on GPUs (2016).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeGuard

from chalkwork.algebra.expression import Application, Expression, Name, names_in, transform, walk
from chalkwork.algebra.times import at_time, last_step, split_time, step_of, summands, template
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.evaluate import evaluate
from chalkwork.training.engines.together import HERE, Together, beside, for_all, joined

_COSTLY = ("tanh", "sigmoid", "exp", "softplus", "gelu", "silu")
"""Functions that it costs more to work out again than to keep."""
FEWEST = 8
"""Steps from which on a loop is worth it: of fewer, the compiler makes one function."""


class Steps(dict[str, Any]):
    """Values by name; of names with a time index, those of all steps in one array with the steps in front."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.rows: dict[str, tuple[int, Any]] = {}
        """By the name without its index: the number of the first step, and the values."""

    def __missing__(self, name: str) -> Any:
        stem, step = split_time(name)
        first, values = self.rows[stem]
        return values[int(step) - first]

    def row(self, xp: Any, stem: str, low: int, high: int) -> Any:
        """The values at steps from low to high, in one array."""
        if stem not in self.rows:
            return xp.stack([self[at_time(stem, step)] for step in range(low, high + 1)])
        first, values = self.rows[stem]
        last = first + len(values) - 1
        inside = values[max(low, first) - first : min(high, last) - first + 1]
        before = [self[at_time(stem, step)][None] for step in range(low, min(high + 1, first))]
        after = [self[at_time(stem, step)][None] for step in range(max(low, last + 1), high + 1)]
        return xp.concatenate([*before, inside, *after]) if before or after else inside


@dataclass(frozen=True)
class Read:
    """Something of the step that an equation speaks of: a name with a time index, or a step of a sequence."""

    name: Name
    shift: int
    along: int | None = None
    """For a sequence, the axis of its steps."""

    def all_steps(self, xp: Any, values: Steps, low: int, high: int) -> Any:
        """The values for all steps from low to high, in one array."""
        low, high = low + self.shift, high + self.shift
        if self.along is None:
            return values.row(xp, self.name.name, low, high)
        whole = values[self.name.name]
        if whole.ndim == 2:
            rows = whole[:, None, :] if self.along == -2 else xp.matrix_transpose(whole)[:, :, None]
        else:
            rows = xp.moveaxis(whole, -2, 0) if self.along == -2 else xp.transpose(whole, (2, 1, 0))
        return rows[low - 1 : high]


def _reads(expression: Expression, origin: int) -> dict[str, Read]:
    """What the template of an expression at a step reads, by the names that it has there."""
    found: dict[str, Read] = {}
    for node in walk(expression):
        if isinstance(node, Name):
            stem, step = split_time(node.name)
            if step.isdigit():
                found[_called(stem, int(step) - origin)] = Read(Name(stem, node.shape), int(step) - origin)
        elif isinstance(node, Application) and node.operation.name == "moment" and isinstance(node.arguments[0], Name):
            at, along = node.parameters[:2]
            assert isinstance(at, int) and isinstance(along, int)
            found[_called(node.arguments[0].name, at - origin)] = Read(node.arguments[0], at - origin, along)
    return found


def _right(made: Iterable[tuple[str, Expression]]) -> list[Expression]:
    """The right sides of equations."""
    return [expression for _, expression in made]


def _named(expressions: Iterable[Expression]) -> set[str]:
    """The names that stand in expressions."""
    return {name.name for expression in expressions for name in names_in(expression)}


def _called(stem: str, shift: int) -> str:
    return at_time(stem, HERE if not shift else f"{HERE}{shift:+d}")


# --- a loop over the steps -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sweep:
    """The equations of steps low to high, as those of a step t; `way` is 1, or -1 where the last step comes first."""

    low: int
    high: int
    way: int
    made: tuple[tuple[str, Expression], ...]
    reads: Mapping[str, Read]
    ahead: tuple[tuple[str, Expression], ...]
    """What is worked out for all steps before the loop, under names of its own."""
    together: tuple[Together, ...] = ()
    """Products at the beginning of a step that are one product of matrices."""
    wanted: frozenset[str] = frozenset()
    """Which of the values of all steps are used after the loop."""
    names = ()

    def _entering(self, xp: Any, values: Steps, products: Sequence[Expression]) -> dict[str, Any]:
        """What comes into the steps and is not made by them, for all steps: what is read, and what is worked out."""
        needed = _named([*_right(self.made), *_right(self.ahead), *products])
        rows = {
            name: read.all_steps(xp, values, self.low, self.high)
            for name, read in self.reads.items()
            if name in needed and not self._makes(read)
        }
        side = beside(self.ahead)
        for one in side:
            rows[one.names[0]] = for_all(xp, one, {**values, **rows})
        for name, expression in self.ahead:
            if not any(name in one.names for one in side):
                rows[name] = evaluate(expression, {**values, **rows}, xp)
        return rows

    def _makes(self, read: Read) -> bool:
        """Whether what is read is a value of these steps."""
        return read.along is None and any(stem == read.name.name for stem, _ in self.made)

    def run(self, jax: Any, values: Steps) -> None:
        """Add the values of all steps."""
        xp = jax.numpy
        products = [product for one in self.together for product in one.products]
        rows = self._entering(xp, values, products)
        side = beside(self.ahead)
        kept = {name: read for name, read in self.reads.items() if read.shift and self._makes(read)}
        before = self.low - 1 if self.way > 0 else self.high + 1
        start = {name: values[at_time(read.name.name, before)] for name, read in kept.items()}
        weights = [one.weights(xp, values) for one in self.together]
        summed = {one.names[0]: one for one in self.together if one.is_sum and set(one.others) <= kept.keys()}
        apart = [product for one in self.together if one.names[0] not in summed for product in one.products]
        alone = _named([*_right(self.made), *apart])
        start |= {name: one.put_together(xp, start) for name, one in summed.items()}
        start = {name: value for name, value in start.items() if name in alone or name in summed}
        inside = _named([*_right(self.made), *products])
        rows = {name: row for name, row in rows.items() if name in inside}

        if not start and not self.together:  # no step needs another one
            for stem, expression in self.made:
                rows[at_time(stem, HERE)] = evaluate(expression, {**values, **rows}, xp)
                values.rows[stem] = (self.low, rows[at_time(stem, HERE)])
            return

        def step(carried: Any, given: Any) -> Any:
            known = {**values, **carried, **given}
            for one in side:
                known |= one.cut(xp, given[one.names[0]])
            for one, held in zip(self.together, weights, strict=True):
                known |= one.values(xp, known, held)
            found = {}
            for stem, expression in self.made:
                found[stem] = known[at_time(stem, HERE)] = evaluate(expression, known, xp)
            after = {name: found[read.name.name] for name, read in kept.items()}
            after |= {name: one.put_together(xp, after) for name, one in summed.items()}
            after = {name: after[name] for name in start}
            return after, {stem: value for stem, value in found.items() if stem in self.wanted}

        _, made = jax.lax.scan(step, start, rows, length=self.high - self.low + 1, reverse=self.way < 0)
        values.rows |= {stem: (self.low, row) for stem, row in made.items()}


def _swept(steps: Sequence[Sequence[Equation]]) -> Sweep | None:
    """A loop for steps with the same equations; None where these are not the same."""
    places = [step_of(step[0].name) or 0 for step in steps]
    first = steps[0]
    made = []
    reads: dict[str, Read] = {}
    for equation in first:
        stem = split_time(equation.name)[0]
        made.append((stem, template(equation.expression, places[0])))
        reads |= _reads(equation.expression, places[0])
    own, way = {stem for stem, _ in made}, 1 if places[0] < places[-1] else -1
    if any(read.shift not in (0, -way) for read in reads.values() if read.along is None and read.name.name in own):
        return None
    made, ahead = _taken_out(made, own)
    made, together = joined(made, own)
    return Sweep(min(places), max(places), way, tuple(made), reads, tuple(ahead), together)


def _taken_out(
    made: list[tuple[str, Expression]], own: set[str]
) -> tuple[list[tuple[str, Expression]], list[tuple[str, Expression]]]:
    """The equations without the products that do not depend on the loop, and these."""
    ahead: dict[Expression, Name] = {}

    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Application) and node.operation.name == "matmul":
            names = names_in(node)
            timed = [name for name in names if split_time(name.name)[1]]
            if timed and not any(split_time(name.name)[0] in own for name in timed):
                return ahead.setdefault(node, Name(f"ahead {len(ahead)}", node.shape))
        return None

    changed = [(stem, transform(expression, rule)) for stem, expression in made]
    return changed, [(name.name, node) for node, name in ahead.items()]


# --- sums over the steps ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Summed:
    """Equations whose expressions are sums of the same term over steps low to high."""

    low: int
    high: int
    terms: tuple[tuple[str, Expression], ...]
    reads: Mapping[str, Read]
    names = ()

    def run(self, jax: Any, values: Steps) -> None:
        """Add the values: the products of one matrix with several others over steps and samples are one product."""
        xp = jax.numpy
        known = {
            **values,
            **{name: read.all_steps(xp, values, self.low, self.high) for name, read in self.reads.items()},
        }
        products: dict[Expression, list[tuple[str, Expression]]] = {}
        for name, term in self.terms:
            if isinstance(term, Application) and term.operation.name == "matmul" and _is_turned(term.arguments[0]):
                products.setdefault(term.arguments[0].arguments[0], []).append((name, term.arguments[1]))
            else:
                values[name] = self._added(xp, term, known)
        beside: dict[tuple[Expression, ...], Any] = {}
        for one, pairs in products.items():
            others = tuple(other for _, other in pairs)
            if others not in beside:
                found = [_below(xp, evaluate(other, known, xp)) for other in others]
                beside[others] = xp.concatenate(found, axis=-1)
            whole, start = _below(xp, evaluate(one, known, xp)).T @ beside[others], 0
            for name, other in pairs:
                values[name] = whole[:, start : start + other.shape[-1]]
                start += other.shape[-1]

    def _added(self, xp: Any, term: Expression, known: Mapping[str, Any]) -> Any:
        if isinstance(term, Application) and term.operation.name == "matmul":
            left, right = (evaluate(part, known, xp) for part in term.arguments)
            if left.ndim == right.ndim == 3:
                return xp.einsum("tij,tjk->ik", left, right)
        return xp.sum(evaluate(term, known, xp), axis=0)


def _is_turned(expression: Expression) -> TypeGuard[Application]:
    """Whether it is the transpose of something that each step has."""
    turned = isinstance(expression, Application) and expression.operation.name == "transpose"
    return turned and any(split_time(name.name)[1] for name in names_in(expression))


def _below(xp: Any, rows: Any) -> Any:
    """The matrices of all steps, one below the other."""
    return xp.reshape(rows, (-1, rows.shape[-1]))


def _summed(equation: Equation) -> Summed | None:
    terms = summands(equation.expression)
    places = [last_step(term) for term in terms]
    known = [place for place in places if place is not None]
    if len(terms) < FEWEST or known != list(range(known[0], known[0] + len(terms))):
        return None
    forms = {template(term, place) for term, place in zip(terms, known, strict=True)}
    if len(forms) != 1:
        return None
    return Summed(known[0], known[-1], ((equation.name, forms.pop()),), _reads(terms[0], known[0]))


def _with_last(found: list[Part], one: Summed) -> None:
    """Put a sum behind the parts, together with those before it."""
    last = found[-1] if found else None
    if isinstance(last, Summed) and (last.low, last.high) == (one.low, one.high):
        found[-1] = Summed(one.low, one.high, (*last.terms, *one.terms), {**last.reads, **one.reads})
    else:
        found.append(one)


# --- all equations ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Single:
    """An equation as it stands."""

    equation: Equation

    @property
    def names(self) -> tuple[Name, ...]:
        """What it speaks of."""
        return names_in(self.equation.expression)

    def run(self, jax: Any, values: Steps) -> None:
        """Add its value."""
        values[self.equation.name] = evaluate(self.equation.expression, values, jax.numpy)


Part = Single | Sweep | Summed


def parts_of(equations: Iterable[Equation], results: Iterable[str] = (), fewest: int = FEWEST) -> list[Part]:
    """The equations in order, those that recur as loops, sums over steps as one; `results` are needed afterwards."""
    found: list[Part] = []
    for run in _runs(equations):
        if len(run) >= fewest and (sweep := _swept(run)) is not None:
            found.append(sweep)
        else:
            for one in (one for step in run for one in step):
                if (total := _summed(one)) is not None:
                    _with_last(found, total)
                else:
                    found.append(Single(one))
    _keep(found)
    wanted = frozenset(split_time(name)[0] for name in results)
    for place, part in reversed(list(enumerate(found))):
        if isinstance(part, Sweep):
            found[place] = replace(part, wanted=wanted)
        read = {one.name.name for one in part.reads.values()} if not isinstance(part, Single) else set()
        wanted |= read | {split_time(one.name)[0] for one in part.names}
    return found


def _keep(parts: list[Part]) -> None:
    """Have a loop keep the functions of its values that a later one needs too, such as the tanh of a cell."""
    sweeps = [place for place, part in enumerate(parts) if isinstance(part, Sweep)]
    for later in sweeps:
        for earlier in sweeps[: sweeps.index(later)]:
            before, after = parts[earlier], parts[later]
            if isinstance(before, Sweep) and isinstance(after, Sweep):
                parts[earlier], parts[later] = _kept(before, after, f"kept {later}.{earlier}")


def _kept(before: Sweep, after: Sweep, name: str) -> tuple[Sweep, Sweep]:
    own = {at_time(stem, HERE) for stem, _ in before.made}

    def function(node: Expression) -> bool:
        if not isinstance(node, Application) or node.operation.name not in _COSTLY:
            return False
        return isinstance(node.arguments[0], Name) and node.arguments[0].name in own

    sides = [
        {node for _, expression in one.made for node in walk(expression) if function(node)} for one in (before, after)
    ]
    made, used = list(before.made), list(after.made)
    reads = dict(after.reads)
    for place, node in enumerate(sorted(sides[0] & sides[1], key=str)):
        kept = Name(f"{name}.{place}", node.shape)
        here = Name(at_time(kept.name, HERE), node.shape)
        made, used = ([(stem, transform(one, {node: here}.get)) for stem, one in each] for each in (made, used))
        assert isinstance(node, Application) and isinstance(node.arguments[0], Name)
        source = split_time(node.arguments[0].name)[0]
        made.insert([stem for stem, _ in made].index(source) + 1, (kept.name, node))
        reads[here.name] = Read(kept, 0)
    return replace(before, made=tuple(made)), replace(after, made=tuple(used), reads=reads)


def _runs(equations: Iterable[Equation]) -> Iterator[list[list[Equation]]]:
    """Steps, one after the other, that have the same equations."""
    run: list[list[Equation]] = []
    for step in _steps(equations):
        if run and not _alike(run, step):
            yield run
            run = []
        run.append(step)
    if run:
        yield run


def _steps(equations: Iterable[Equation]) -> Iterator[list[Equation]]:
    """The equations of each step of each layer together, every other one alone."""
    step: list[Equation] = []
    for equation in equations:
        place = step_of(equation.name)
        if step and (place is None or place != step_of(step[0].name)):
            yield step
            step = []
        step.append(equation)
        if place is None:
            yield step
            step = []
    if step:
        yield step


def _alike(run: Sequence[Sequence[Equation]], step: Sequence[Equation]) -> bool:
    last, place = step_of(run[-1][0].name), step_of(step[0].name)
    if last is None or place is None or len(step) != len(run[-1]):
        return False
    first = step_of(run[0][0].name) or 0
    way = place - last
    if abs(way) != 1 or place - first != way * len(run):
        return False
    return all(
        split_time(one.name)[0] == split_time(other.name)[0]
        and template(one.expression, place) == template(other.expression, last)
        for one, other in zip(step, run[-1], strict=True)
    )


class Runs(Protocol):
    """Anything that adds values to those before it."""

    def run(self, jax: Any, values: Steps) -> None:
        """Add them."""
        ...


def run_parts(parts: Sequence[Runs], jax: Any, values: Mapping[str, Any]) -> Steps:
    """The values of all parts, one after the other."""
    known = values if isinstance(values, Steps) else Steps(values)
    for part in parts:
        part.run(jax, known)
    return known
