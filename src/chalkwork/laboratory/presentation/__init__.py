"""Learning by presentation: threshold units and their rules, one sample after the other; what a unit can do at all.

`rules` is the table of rules, `unit` what learns, `study` the equations of every presentation, `learning` what people
call; `text` writes it, `picture` draws the samples and the separating line. `rows` puts the rows of a table into units:
`gate` holds a unit against them, for which `separating` finds weights, or why there are none; `boolean` makes networks
of units for sums of products, `region` for regions of the plane.
"""

from chalkwork.laboratory.presentation.boolean import minterm_network, parity_units
from chalkwork.laboratory.presentation.gate import threshold_table
from chalkwork.laboratory.presentation.learning import learn
from chalkwork.laboratory.presentation.region import region

__all__ = ["learn", "minterm_network", "parity_units", "region", "threshold_table"]
