"""Learning by presentation: threshold units and their rules, one sample after the other; what a unit can do at all.

`unit` is what learns, and the rows of a table that are put into units; `study` has the table of rules and the equations
of every presentation, `learning` what people call, `picture` draws the samples and the separating line. `gate` holds a
unit against a table and finds weights for it, or why there are none; `boolean` makes networks of units for sums of
products, `region` for regions of the plane.
"""

from chalkwork.laboratory.presentation.boolean import minterm_network, parity_units
from chalkwork.laboratory.presentation.gate import threshold_table
from chalkwork.laboratory.presentation.learning import learn
from chalkwork.laboratory.presentation.region import region

__all__ = ["learn", "minterm_network", "parity_units", "region", "threshold_table"]
