"""Optimisation: every rule of the table of optimisers, Newton and saddle-free Newton, step by step.

`surface` is a function with its derivatives, `methods` the numbers of a whole path, `steps` the equations of its first
steps, collected in a `Work`; `letters` says how they print, `text` how they are written, `pictures` how it is drawn.
`descent` (paths), `given` (rules on given gradients, exponential averages), `critical` (critical points), `rates` (step
size, condition number), `numeric` (difference quotients), `saddle`, `cost` and `network` are what people call.
"""

from chalkwork.laboratory.optimisation.cost import newton_cost
from chalkwork.laboratory.optimisation.critical import critical_points
from chalkwork.laboratory.optimisation.descent import optimise
from chalkwork.laboratory.optimisation.given import apply_gradients, exponential_average
from chalkwork.laboratory.optimisation.network import optimise_network
from chalkwork.laboratory.optimisation.numeric import check_network_gradient, gradient_check
from chalkwork.laboratory.optimisation.rates import condition, step_size
from chalkwork.laboratory.optimisation.saddle import escape

__all__ = [
    "apply_gradients", "check_network_gradient", "condition", "critical_points", "escape", "exponential_average",
    "gradient_check", "newton_cost", "optimise", "optimise_network", "step_size",
]  # fmt: skip
