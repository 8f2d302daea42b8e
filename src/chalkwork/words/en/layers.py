"""What kinds of layers share: in the list of layers, in drawings, with equations; the rest stands in their files."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    # --- in the list of layers, in drawings ------------------------------------------------------------------------
    "layer.listed": "<layer> (<activation>)",
    "layer.titled": "<layer>, <activation>",
    "layer.after": "<below>, <layer>",
    "layer_title.input": "input",
    "layer_title.hidden": "hidden: <activation>",
    "layer_title.output": "output: <activation>",
    # --- with equations --------------------------------------------------------------------------------------------
    "dense.way_back": "<error> goes back through the weights <weights>",
    "normalised.scaled": "Scaled and shifted<again> by <scale> and <shift>, which are learned: one of each for a unit.",
    "normalised.by_scaled": "Back through the scaling by <scale>.",
    "normalised.by_mean": "The mean <mean> enters every normalised value, and the variance too; that second part is "
    "zero, because the deviations from a mean add up to zero.",
    "normalised.way_back": "the error comes to <below> by three ways (directly, through the variance, through the "
    "mean)",
    "normalised.each_sample": ", for every sample alone",
    "normalised.each_position": ", for every position alone",
    "normalised.scale_gradient": "Gradient of the scale: <error> times what is scaled, <scaled><summed>.",
    "normalised.over_samples": ", summed over the samples",
    "normalised.over_positions": ", summed over the positions",
    "normalised.over_both": ", summed over positions and samples",
}
