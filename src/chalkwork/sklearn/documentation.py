"""What both estimators say of their common parameters and attributes, once, in the form that scikit-learn reads."""

from __future__ import annotations

from typing import TypeVar

Estimator = TypeVar("Estimator", bound=type)

PARAMETERS = """
    hidden_layers : tuple of int, default=(100,)
        The units of every hidden layer; `()` for none: logistic or linear regression.
    activation : str, default="relu"
        That of the hidden layers: a name of Chalkwork's table, such as "tanh" or "leaky_relu(0.01)".
    output_activation : str, default="auto"
        The one that the task asks for. Another one is taken where it fits the task and the loss: "softmax" for two
        classes, which then have two outputs.
    loss : str, mapping or loss, default="auto"
        The one that the output activation asks for, or the same kind with a factor or reduction of one's own:
        "mean_squared_error", `CrossEntropy(factor=2)`. It is a mean over the samples.
    optimizer : str or mapping, default="adam"
        An update rule of Chalkwork's table, such as "momentum" or {"name": "adam", "beta1": 0.8}. "lbfgs" takes all
        samples in every one of `max_epochs` steps, whose length SciPy's L-BFGS-B finds (`learning_rate` and
        `batch_size` say nothing then), until no entry of the gradient is larger than `tol`.
    learning_rate : float, default=0.001
        Above 0.
    schedule : str or mapping, default=None
        How the learning rate changes from step to step: "cosine", {"name": "step", "every": 1000, "factor": 0.5}.
    max_epochs : int, default=200
        The most epochs that `fit` makes.
    batch_size : int or "auto", default="auto"
        Samples a step; "auto" is 200 at most. With `batch_norm` it is made smaller where the last batch of an epoch
        would be a single sample, from which batch normalisation cannot learn.
    shuffle : bool, default=True
        Whether the samples come in a new order in every epoch.
    l1, l2 : float, default=0.0 and 1e-4
        The loss holds l1 times the sum of the absolute weights, and l2/2 times the sum of their squares; of the weight
        matrices, not of biases. (The `alpha` of scikit-learn's own networks is l2 times the number of samples a step.)
    dropout : float, default=0.0
        The part of every hidden layer's units that a step drops, below 1.
    batch_norm : bool, default=False
        Whether every hidden layer is normalised over the batch before its activation.
    initializer : str, default="glorot_uniform"
        How weights are drawn: a name of Chalkwork's table, such as "he_normal".
    early_stopping : bool, default=False
        Whether a part of the samples is held out, and the training ends when the loss on it gets no better; the best
        network is kept.
    validation_fraction : float, default=0.1
        That part.
    patience : int, default=10
        So many epochs in a row without a better loss (the training loss, or the one on what is held out) end it.
    tol : float or None, default=1e-4
        What counts as better. None trains for `max_epochs`, without asking whether the training loss still falls.
    clip_norm : float, default=None
        Gradients that are longer, all taken together, are shortened to this.
    {class_weight}dtype : {"float64", "float32"}, default="float64"
        The precision of the training.
    engine : {"auto", "numpy", "jax", "reference"}, default="auto"
        What runs the equations; "auto" is whichever will be done first.
    random_state : int, RandomState or None, default=None
        An int makes weights, order, masks and what is held out the same in every call.
    warm_start : bool, default=False
        Whether `fit` goes on with the network of the last call.
    verbose : int, default=0
        Above 0, progress is shown.
"""

CLASS_WEIGHT = """class_weight : dict, list of dicts, "balanced" or None, default=None
        A factor for the loss of every sample by its class (1 where a dictionary does not name it), a dictionary for
        each label where there are several; "balanced" gives every class the same weight in all.
    """

ATTRIBUTES = """
    network_ : NeuralNetwork
        The trained network: `network_.solve(x, y, learning_rate)` shows its work, targets as it sees them (one column
        for each output).
    history_ : History
        The last training: the loss of every step, what was measured after every epoch, and why it ended.
    loss_curve_ : list of float
        The mean training loss of every epoch, with its penalties, since the weights were drawn.
    loss_ : float
        The last of them.
    n_iter_ : int
        The epochs of the last training.
    n_outputs_ : int
        The outputs of the network.
    n_features_in_ : int
        The features.
    feature_names_in_ : ndarray of str
        Their names, where `X` has names, all of them strings."""


def documented(estimator: Estimator) -> Estimator:
    """The estimator with the common parameters and attributes put into its docstring."""
    if estimator.__doc__:
        own = CLASS_WEIGHT if "Classifier" in estimator.__name__ else ""
        parameters = PARAMETERS.replace("{class_weight}", own).strip()
        text = estimator.__doc__.replace("{parameters}", parameters)
        estimator.__doc__ = text.replace("{attributes}", ATTRIBUTES.strip())
    return estimator
