"""The sheets that come with Chalkwork, found by name, and starters for one's own."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path

from chalkwork.errors import ChalkworkError
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.schema import Sheet

_HERE = Path(__file__).parent
STARTERS = _HERE / "starters"


@cache
def shipped() -> dict[str, Path]:
    """Every shipped sheet by its name, in order: beside this file where Chalkwork is installed, else in the checkout.

    >>> "leaky-relu-softmax-2-3-2" in shipped()
    True
    """
    installed, checkout = _HERE / "shipped", _HERE.parents[2] / "sheets"
    return {path.stem: path for path in sorted((installed if installed.is_dir() else checkout).glob("*.md"))}


def starters() -> dict[str, Path]:
    """A sheet to start from for every kind, by the kind's name.

    >>> list(starters())
    ['claim', 'descent', 'graph', 'network']
    """
    return {path.stem: path for path in sorted(STARTERS.glob("*.md"))}


def find_sheet(name: str) -> Sheet:
    """The sheet in a file, else the shipped one of that name.

    Raises SheetError as `read_sheet` does; ChalkworkError for a name that neither a file nor a shipped sheet has.

    >>> find_sheet("leaky-relu-softmax-2-3-2").title
    'One step of gradient descent by hand'
    >>> find_sheet("leaky-relu")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: there is no file and no shipped sheet of the name 'leaky-relu'. Hint: did you \
mean leaky-relu-softmax-2-3-2? chalkwork sheets lists them.
    """
    return read_sheet(place_of(name))


def place_of(name: str) -> str | Path:
    """The file of that name, which may be missing, else the shipped sheet's. Raises ChalkworkError for neither."""
    if Path(name).exists() or Path(name).suffix or len(Path(name).parts) > 1:
        return name
    known = shipped()
    if name in known:
        return known[name]
    near = [one for one in known if one.startswith(name)] or get_close_matches(name, known, 1)
    meant = f"did you mean {near[0]}? " if near else ""
    message = f"there is no file and no shipped sheet of the name {name!r}"
    raise ChalkworkError(message, hint=f"{meant}chalkwork sheets lists them")
