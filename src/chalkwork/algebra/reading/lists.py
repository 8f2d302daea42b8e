"""Square brackets in equations between quantities: lists, matrices and what is joined, and entries by their index."""

from __future__ import annotations

from chalkwork.algebra.reading.cursor import Cursor, Syntax


class Lists(Cursor):
    """How square brackets are read."""

    def stacked(self) -> Syntax:
        """What follows an opening bracket: `[1, 2]`, `[[1, 2], [3, 4]]`, `[x; h]`; around one expression it is one.

        The value of the syntax says how many parts stand in each row; rows end at semicolons.
        """
        rows: list[list[Syntax]] = [[]]
        while not self.at("]"):
            rows[-1].append(self.deeper())
            if self.passed(";"):
                rows.append([])
            elif not self.at("]"):
                self.take(",")
        self.take("]")
        if [len(row) for row in rows] == [1] and rows[0][0].kind != "stack":
            return rows[0][0]
        parts = tuple(part for row in rows for part in row)
        return self.node(",".join(str(len(row)) for row in rows), *parts, kind="stack")

    def indexes(self, of: Syntax) -> bool:
        """Whether a bracket with whole numbers or colons follows what was read, with no space between."""
        if self.formula or not self.at("[") or self.text[self.peek().start - 1].isspace():
            return False
        end = self._end()
        inside = self.stream[self.index + 1 : end]
        if not inside or not all(token.text.isdigit() or token.text in (":", ",") for token in inside):
            return False
        if of.kind not in ("name", "index") and self.peek(-1).text == ")":
            raise self.two_readings("(...)[...]", "entries of what stands before it", "a product", hint="name it first")
        return of.kind == "name"

    def _end(self) -> int:
        index = self.index
        while self.stream[index].text != "]" and index < len(self.stream) - 1:
            index += 1
        return index

    def indexed(self, of: Syntax) -> Syntax:
        """The entries with the places in brackets; the value is what stands there, `2`, `1:2` or `1,:`."""
        end = self._end()
        places = "".join(token.text for token in self.stream[self.index + 1 : end])
        self.index = end
        self.take("]")
        return self.node(places, of, kind="index")
