"""What commands are tried on: a sheet, a table, training that is soon done, and the files of a folder."""

from __future__ import annotations

from pathlib import Path

from tabled import two_classes

SHEET = """\
---
title: Sums {mark}
---
Add{mark}.

```graph
equations: c = a + b
```
```task
id: t
values: {{a: 1, b: 2}}
ask: [c]
hint: one{mark}
note: two{mark}
```
"""
TABLE = two_classes()
QUICK = ("--hidden", "2", "--epochs", "2")


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
