"""Sums and products over an index with numeric bounds, written out term by term; sums to a letter; and matrices."""

from __future__ import annotations

from chalkwork.algebra.reading.cursor import BESIDE, SUM, Cursor, Syntax
from chalkwork.algebra.reading.tokens import Token

MOST_TERMS = 50
MOST_ENTRIES = 64


class Series(Cursor):
    """How sums over an index and matrices are read."""

    to_a_letter = False
    """Whether a sum may have a letter for its upper bound."""

    def written_out(self, name: str, token: Token) -> Syntax:
        """A sum or product with numeric bounds, term by term; a sum to a letter as it is."""
        index, first, last = self.bounds(token)
        if isinstance(last, Syntax):
            if name != "sum" or first != 1 or len(index) != 1:
                raise self.error("to a letter there are only sums, over one letter, and they begin at 1", token)
            return self.node(index, self.deeper(SUM), last, kind="series")
        if last - first + 1 > MOST_TERMS:
            raise self.error(f"{last - first + 1} terms are more than {MOST_TERMS}", token)
        start = self.index
        outer = self.bound.get(index)
        terms = []
        for value in range(first, last + 1):
            self.index = start
            self.bound[index] = value
            terms.append(self.deeper(SUM))
        if outer is None:
            self.bound.pop(index, None)
        else:
            self.bound[index] = outer
        if not terms:
            raise self.error("there are no terms between these bounds", token)
        result = terms[0]
        for term in terms[1:]:
            result = self.node("add" if name == "sum" else "product", result, term)
        return result

    def bounds(self, token: Token) -> tuple[str, int, int | Syntax]:
        """The index of a sum and its bounds."""
        if not self.passed("_"):
            raise self.error("the bounds of a sum are missing; write i = 1 below and a number above", token)
        self.take("{")
        index = self.next()
        if index.kind != "name" or self.next().text != "=":
            raise self.error("below a sum stands its index with a number, such as i = 1", index)
        first = self.whole_number(self.peek(), self.expression(BESIDE))
        self.take("}")
        if not self.passed("^"):
            raise self.error("the upper bound of the sum is missing", token)
        place, upper = self.peek(), self.argument()
        if self.to_a_letter and upper.kind == "name" and upper.value != index.text:
            return index.text, first, upper
        return index.text, first, self.whole_number(place, upper)

    def whole_number(self, place: Token, found: Syntax) -> int:
        """A bound: digits, or an index that stands for a number."""
        digits = found.value.removeprefix("-")
        if found.kind != "number" or not digits.isdigit() or len(digits) > 4:
            raise self.error("the bounds of a sum must be numbers here", place)
        return int(found.value)

    def matrix(self, kind: str) -> Syntax:
        """The rows of a matrix."""
        rows: list[list[Syntax]] = [[]]
        while True:
            rows[-1].append(self.deeper())
            if self.passed("&"):
                continue
            if self.peek().kind == "line":
                self.next()
                if self.peek().kind == "end":
                    break
                rows.append([])
            else:
                break
        if self.peek().kind != "end" or self.peek().text != kind:
            raise self.error(rf"\end{{{kind}}} is missing")
        if len({len(row) for row in rows}) > 1 or len(rows) * len(rows[0]) > MOST_ENTRIES:
            raise self.error(f"the rows of a matrix are equally long, and it has at most {MOST_ENTRIES} entries")
        self.next()
        return self.node(f"{len(rows)}x{len(rows[0])}", *(entry for row in rows for entry in row), kind="matrix")
