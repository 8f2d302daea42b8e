"""Exercise sheets: Markdown with blocks in, solved tasks and documents out.

`format` reads a sheet into checked, located data (`fences`, `locate`, `values`, `fields`, `layers`, `blocks` and
`references` are its steps, `schema` is what comes out); `solve` works out every task; `document` puts the solutions
where the tasks stand. Everything that is wrong in a sheet is a `SheetError` with file and line.
"""

from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet

__all__ = ["Sheet", "parse_sheet", "read_sheet", "solve_sheet", "workbook"]
