"""The sentences with the equations of a network, and what is said around them."""

from __future__ import annotations

from chalkwork.words.sentences import Sentences

SENTENCES: Sentences = {
    # --- headings --------------------------------------------------------------------------------------------------
    "stage.forward": "Forward pass",
    "stage.backward": "Backward pass",
    "stage.update": "Update",
    "stage.re-evaluation": "Forward pass after the update",
    "stage.of_step": "<stage>, step <step>",
    "stage.forward_after": "Forward pass after step <step>",
    # --- what sentences share --------------------------------------------------------------------------------------
    "again": " with the updated parameters",
    "each_sample": " of each sample",
    "each_position": " of each position",
    "of.output_layer": "the output layer",
    "of.hidden_layer": "the hidden layer",
    "of.hidden_layer_number": "hidden layer <number>",
    "of.layer_number": "layer <number>",
    # --- forward ---------------------------------------------------------------------------------------------------
    "net_input": "Net input of <layer><again>: the inputs <below> weighted by <weights><bias>.",
    "net_input.bias": ", plus the bias <bias><place>",
    "net_input.in_every_column": " in every column",
    "net_input.in_every_row": " in every row",
    "activation.output": "Output",
    "activation.of": "Activation of <layer>",
    "activation_is.net_input": "<what><again>: the net input itself.",
    "activation_is.softmax": "<what><again> by the softmax, which turns the net inputs<each> into probabilities that "
    "sum to one: their powers of e, divided by the sum of these.",
    "activation_is.function": "<what><again> by <function>.",
    # --- the loss --------------------------------------------------------------------------------------------------
    "loss.squared_error": "squared error",
    "loss.mean_squared_error": "mean squared error",
    "loss.half_the_mean_squared_error": "half the mean squared error",
    "loss.cross-entropy": "cross-entropy",
    "loss.binary_cross-entropy": "binary cross-entropy",
    "the_loss.cross-entropy": "the cross-entropy",
    "the_loss.binary_cross-entropy": "the binary cross-entropy",
    "of_loss.squared_error": "the squared error",
    "of_loss.mean_squared_error": "the mean squared error",
    "of_loss.half_the_mean_squared_error": "the half the mean squared error",
    "of_loss.cross-entropy": "the cross-entropy",
    "of_loss.binary_cross-entropy": "the binary cross-entropy",
    "loss_by.logarithm": "<^title><again> (natural logarithm), <over><more>.",
    "loss_by.squares": "<^title><again>: the squared difference between output and target, <over><more>.",
    "loss_by.half_the_squares": "<^title><again>: half the squared difference between output and target, <over><more>.",
    "loss_by.times_the_squares": "<^title><again>: <factor> times the squared difference between output and target, "
    "<over><more>.",
    "loss_is": "The loss is <title>, <over><more>.",
    "loss_is.half": "The loss is <title>, half <over><more>.",
    "loss_is.times": "The loss is <title>, <factor> times <over><more>.",
    "loss_is.squares": "The loss is the squared error, <over><more>.",
    "loss_is.half_the_squares": "The loss is half the squared error, <over><more>.",
    "loss_is.times_the_squares": "The loss is <factor> times the squared error, <over><more>.",
    "loss_over.summed": "summed over the <what>",
    "loss_over.averaged": "averaged over the <what>",
    "loss_over.both": "<first>, <second>",
    "loss_over.one": "for the single output",
    "loss_over.outputs": "outputs",
    "loss_over.samples": "samples",
    "loss_over.counted": "$m = <m>$ samples",
    "loss_over.positions": "positions",
    "loss_over.steps": "steps",
    "loss_more.weighted": ", every sample times its weight {w}",
    "loss_more.penalty": ", plus <parts><at_zero><only>",
    "loss_more.both": "<weighted><penalty>",
    "penalty.lambda1": "{lambda1} times the sum of the absolute weights",
    "penalty.lambda2": "half of {lambda2} times the sum of the squared weights",
    "penalty.at_zero": " (the derivative of $|w|$ at 0 is taken as 0)",
    "penalty.only_weights": "; only the weight matrices are penalised",
    # --- backward --------------------------------------------------------------------------------------------------
    "error.output": "Error of the output layer. <why>",
    "error.of_identity": "Error of <layer>: <way>; the activation is the identity, so its derivative is 1.",
    "error.through_jacobian": "Error of <layer>: <way> and through the Jacobian of the <activation>.",
    "error.by_slope": "Error of <layer>: <way> and is multiplied, entry by entry, by <slope>.",
    "error.by_slope_of_one": "Error of <layer>: <way> and is multiplied by <slope>.",
    "error_weighted": ", times the weight {w} of the sample",
    "output_error.softmax": "Softmax under cross-entropy: the targets<each> sum to one, so the product collapses to "
    "output minus target<weighted>.",
    "output_error.sigmoid": "Sigmoid under binary cross-entropy: the derivative of the sigmoid cancels the "
    "denominators, which leaves output minus target<weighted>.",
    "output_error.identity": "The output is linear, so it is the derivative of the loss by the output.",
    "output_error.through_jacobian": "The derivative of the loss by the output goes through the Jacobian of the "
    "<activation>, in which every output depends on every net input.",
    "output_error.by_slope": "The derivative of the loss by the output is multiplied, entry by entry, by <slope>.",
    "output_error.by_slope_of_one": "The derivative of the loss by the output is multiplied by <slope>.",
    "way_back.loss": "the derivative of the loss by <output> goes back",
    "way_back.two": "<first>; <second>",
    "way_back.added": "<ways>; what comes by both ways is added",
    "weight_gradient": "Gradient of the weights: the error <error> of the layer times its inputs "
    "<below><summed><penalty>.",
    "weight_gradient.over_samples": "; the matrix product adds up the samples",
    "weight_gradient.over_positions": "; the matrix product adds up the positions",
    "weight_gradient.over_both": "; the matrix product adds up the positions, and the samples are summed",
    "weight_gradient.penalty": "; the penalty adds <parts>",
    "penalty_slope.lambda1": "{lambda1} times the signs of the weights",
    "penalty_slope.lambda2": "{lambda2} times the weights",
    "bias_gradient": "Gradient of the bias: it is added to the net input, so its gradient is <error> itself.",
    "bias_gradient.over_samples": "Gradient of the bias: every sample adds it, so <error> is summed over the samples.",
    "bias_gradient.over_positions": "Gradient of the bias: every position adds it, so <error> is summed over the "
    "positions.",
    "bias_gradient.over_both": "Gradient of the bias: every position of every sample adds it, so <error> is summed "
    "over both.",
    "loss_derivative": "The derivative of <title> by the outputs, entry by entry.",
    "softmax_jacobian": "The Jacobian of the softmax: the outputs <output> on the diagonal, minus the product of "
    "every pair of outputs; it is symmetric.",
    "long_product": "Error of the output layer, the long way: the derivative of the loss times that of the activation.",
    # --- the class -------------------------------------------------------------------------------------------------
    "prediction.largest": "Predicted class: the unit with the largest output, counted from 1.",
    "prediction.above_half": "Predicted class: 1 where the output exceeds one half, else 0.",
    "prediction.positive": "Predicted class: 1 where the output is positive, else 0.",
    "predicted.classes": "The predicted classes are <classes>.",
    "predicted.and_next": "<one>, <other>",
    "predicted.none": "none",
    "predicted.class": "The network predicts class <value>.",
    "predicted.largest": "Output <value> is the largest, so the network predicts class <value>.",
    "tie.border": "The output is exactly <limit>, on the border of the two classes: the network decides for neither, "
    "for which 0.5 stands.",
    "tie.border_of_sample": "Sample <sample>: the output is exactly <limit>, on the border of the two classes: the "
    "network decides for neither, for which 0.5 stands.",
    "tie.one_half": "one half",
    "tie.some": "Outputs <who> are equal, and the largest: the network decides for no class, for which 0 stands.",
    "tie.some_of_sample": "Sample <sample>: outputs <who> are equal, and the largest: the network decides for no "
    "class, for which 0 stands.",
    "tie.all": "All outputs are equal: the network decides for no class, for which 0 stands.",
    "tie.all_of_sample": "Sample <sample>: all outputs are equal: the network decides for no class, for which 0 "
    "stands.",
    "tie.more": {"one": "<n> more sample without a class.", "other": "<n> more samples without a class."},
    # --- around the equations --------------------------------------------------------------------------------------
    "network.has": "The network has <parts>.",
    "network.inputs_at_positions": {"one": "<inputs> at one position", "other": "<inputs> at each of <n> positions"},
    "network.inputs_at_steps": {"one": "<inputs> at one step", "other": "<inputs> at each of <n> steps"},
    "network.positions_rows": "Until it is flattened, a sample is a matrix with a position in every row.",
    "network.positions_columns": "Until it is flattened, a sample is a matrix with a position in every column.",
    "network.steps_rows": "A sample is a matrix with a step in every row.",
    "network.steps_columns": "A sample is a matrix with a step in every column.",
    "network.samples_columns_out_in": "Samples are columns, and weight matrices are outputs × inputs.",
    "network.samples_columns_in_out": "Samples are columns, and weight matrices are inputs × outputs.",
    "network.samples_rows_out_in": "Samples are rows, and weight matrices are outputs × inputs.",
    "network.samples_rows_in_out": "Samples are rows, and weight matrices are inputs × outputs.",
    "counted.steps": {"one": "<n> step", "other": "<n> steps"},
    "counted.inputs": {"one": "<n> input", "other": "<n> inputs"},
    "counted.outputs": {"one": "<n> output", "other": "<n> outputs"},
    "counted.hidden": {"one": "<n> hidden unit", "other": "<n> hidden units"},
    "counted.units": {"one": "<n> unit", "other": "<n> units"},
    "counted.samples": {"one": "<n> sample", "other": "<n> samples"},
    "counted.weights": {"one": "<n> weight", "other": "<n> weights"},
    "counted.parameters": {"one": "<n> parameter", "other": "<n> parameters"},
    "parameters.weights": {"one": "<sizes> weight", "other": "<sizes> weights"},
    "parameters.biases": {"one": "<sizes> bias", "other": "<sizes> biases"},
    "parameters.scales": {"one": "<sizes> scale", "other": "<sizes> scales"},
    "parameters.shifts": {"one": "<sizes> shift", "other": "<sizes> shifts"},
    "parameters.weights_only": "It has <sizes> = <total> and no biases.",
    "parameters.listed": "It has <parts>: <total> in all.",
    "loss_change.not_seen": "The loss changed by less than the digits shown: <loss> = <value>.",
    "loss_change.none": "The loss changed not at all: <loss> = <value>.",
    "loss_change.lower": "The update lowered the loss from <before> to <after>.",
    "loss_change.higher": "The loss rose from <before> to <after>: the step with this learning rate overshoots, a "
    "smaller one would lower it.",
    "vanished.first": "No error reaches this layer: the gradients of it are zero, and the parameters keep their "
    "values.",
    "vanished.others": "No error reaches this layer: the gradients of it and the layers below it are zero, and the "
    "parameters keep their values.",
    "vanished.equal_weights": "The error vanishes, and <above> does not: all weights that leave a hidden unit are "
    "equal in <weights>, so what comes back to it is that weight times the sum of the entries of <above>. Outputs and "
    "targets both sum to one, hence that sum is 1 − 1 = 0. No gradient reaches <which>: their parameters keep their "
    "values.",
    "vanished.this_layer": "this layer",
    "vanished.this_layer_and_below": "this layer and those below it",
}
