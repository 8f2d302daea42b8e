"""Looking inside a network: its losses, its boundary, its layers, its landscape, and what is wrong with it.

`measured` evaluates the equations of a training step on data; `statistics` sums up what every layer does, `findings`
says in sentences what is unhealthy about it, `landscape` goes along the gradient, `find_rate` looks for a learning
rate, `importance` for the inputs that count, `saliency` for the slope of an output along each, `summary` lists the
layers and `draw` draws them. The `plot_` functions show the same: each takes the axes to draw on, or makes a figure of
its own, which a notebook shows and `savefig` saves. matplotlib is imported by the first plot, and neither pyplot nor
any setting of matplotlib is touched.
"""

from chalkwork.inside.curves import plot_loss
from chalkwork.inside.decision import plot_decision
from chalkwork.inside.drawing import draw
from chalkwork.inside.findings import Finding, Findings, findings
from chalkwork.inside.importance import Importance, importance, plot_importance
from chalkwork.inside.landscape import Landscape, landscape, plot_landscape
from chalkwork.inside.layers import plot_activations, plot_gradients, plot_weights
from chalkwork.inside.rates import Rates, find_rate, plot_rates
from chalkwork.inside.saliency import Saliency, plot_saliency, saliency
from chalkwork.inside.statistics import activations, gradients
from chalkwork.inside.summary import summary
from chalkwork.inside.table import Table

__all__ = [
    "Finding", "Findings", "Importance", "Landscape", "Rates", "Saliency", "Table", "activations", "draw",
    "find_rate", "findings", "gradients", "importance", "landscape", "plot_activations", "plot_decision",
    "plot_gradients", "plot_importance", "plot_landscape", "plot_loss", "plot_rates", "plot_saliency",
    "plot_weights", "saliency", "summary",
]  # fmt: skip
