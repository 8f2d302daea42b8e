"""NeuralNetwork: a model that is solved, propagated, differentiated, trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.derivation.derivation import Derivation
from chalkwork.derivation.work_out import work_out
from chalkwork.errors import ChalkworkError
from chalkwork.networks.arguments import flag, positive, whole
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive
from chalkwork.networks.labels import CLASSIFY
from chalkwork.networks.model import Model
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.parameters import masks_of, sample_weights
from chalkwork.networks.plan import Plan
from chalkwork.networks.presentation import setting_of
from chalkwork.solutions.setting import Detail, Rounding, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import Notation
from chalkwork.words import ENGLISH

if TYPE_CHECKING:
    from pathlib import Path

    from chalkwork.networks.moments import Moment
    from chalkwork.training.history import History
    from chalkwork.training.schedules import Schedule

MOST_WORKED_STEPS = 100


class NeuralNetwork(Model):
    """A feed-forward network whose every step can be shown.

    `layers` are those of `LAYERS` (`Dense`, `BatchNorm`, `Dropout`, ...); `loss` a name, a mapping or a loss object;
    `samples` says whether data matrices hold samples as rows (n x d, the default) or columns (d x n), `weights` whether
    matrices are inputs x outputs (`in_out`, the default) or outputs x inputs (`out_in`). Layers without weights are
    drawn by their initialiser (Glorot's normal rule if none is named) from `seed`; the first needs `inputs=` then, or
    gets it from the first data. `l1` and `l2` (from 0) add l1 times the sum of the absolute weights and l2/2 times the
    sum of the squared weights to the loss: of the weight matrices, not of biases, scales and shifts.

    Raises ChalkworkError (ShapeError where layers do not fit).

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork(
    ...     [Dense(weights=[[.15, -.25, .05], [.2, .1, -.15]], bias=False, activation="leaky_relu(0.01)"),
    ...      Dense(weights=[[.2, .5], [-.35, .15], [.15, -.2]], bias=False, activation="softmax")],
    ...     loss="cross_entropy", samples="columns", weights="in_out")
    >>> solution = net.solve(x=[-1, 1], y=[1, 0], learning_rate=0.1)
    >>> round(float(solution["L"]), 6), round(float(solution["L_new"]), 6)
    (0.793036, 0.766696)
    >>> net.number_of_parameters
    12
    """

    # --- work --------------------------------------------------------------------------------------------------------

    def solve(
        self,
        x: Any,
        y: Any = None,
        learning_rate: float | None = None,
        steps: int = 1,
        *,
        notation: str | Mapping[str, Any] | Notation | None = None,
        decimals: int | None = None,
        significant: int | None = None,
        rounding: Rounding = "shown",
        detail: Detail = "equations",
        long_way: bool = False,
        predict: bool | None = None,
        training: bool | None = None,
        masks: Mapping[int, Any] | None = None,
        sample_weight: Any = None,
        optimizer: str | Mapping[str, Any] | Optimiser = "gradient_descent",
        language: str = ENGLISH,
    ) -> Solution:
        """The complete worked solution for one sample or a batch.

        `x` and `y` are vectors (one sample) or matrices in the convention's orientation. Without `y` it ends
        after the forward pass (with the predicted class, if the network classifies; `predict` decides
        otherwise), without `learning_rate` after the gradients (after the loss where a unit jumps: no gradient comes
        through it); `steps` repeats the update. `long_way` goes
        through the Jacobian of the output. `training` says whether batch normalisation takes the statistics of
        the batch and dropout drops (if it is None: where there is a target); `masks` gives dropout's masks by layer,
        0 and 1 in the shape of the activations, the others are drawn from the network's seed. `sample_weight` holds
        a factor for every sample's loss, from 0; the divisor of a mean stays the number of samples. `optimizer` is the
        rule of the update, as for `train`; what it keeps is zero before the first step. The rest says how it is
        written: see `Style.of`.

        Raises ShapeError, ValueProblem (a NaN, a target that is no distribution, the logarithm of zero) or
        ChalkworkError.

        >>> from chalkwork import Dense
        >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], activation="sigmoid", bias=[-1])])
        >>> list(net.solve(x=[0, 1]))
        ['x', 'W1', 'b1', 'z1', 'a1', 'class']
        """
        style = Style.of(notation, decimals, significant, rounding, detail, language)
        inputs = self.oriented_input(x)
        rule, count = Optimiser.of(optimizer), whole(steps, "steps", 1, MOST_WORKED_STEPS)
        if y is None and learning_rate is not None:
            raise ChalkworkError("an update needs a target y")
        if y is None and flag(long_way, "long_way"):
            raise ChalkworkError("long_way is of use only with a target y")
        if learning_rate is None and (count > 1 or rule != Optimiser()):
            raise ChalkworkError(f"{'steps' if count > 1 else 'optimizer'} is of use only with a learning_rate")
        if predict is not None and flag(predict, "predict") and self.layers[-1].activation.name not in CLASSIFY:
            raise self._no_class()
        updates = 0 if learning_rate is None else count
        plan = self._planned(inputs, y, training, sample_weight)
        if updates or flag(long_way, "long_way"):
            plan.check_gradient()
        derivation = derive(
            plan,
            target=y is not None,
            updates=updates,
            predict=y is None if predict is None else predict,
            long_way=flag(long_way, "long_way"),
            optimiser=rule,
        )
        givens = self._givens(derivation, plan, inputs, y, masks, sample_weight)
        if learning_rate is not None:
            givens["eta"] = np.array([[positive(learning_rate, "the learning rate")]])
            givens |= {name: np.array([[value]]) for name, value in rule.constants}
            kept = [name for name in derivation.givens if name.name not in givens]
            givens |= {name.name: np.zeros(name.shape) for name in kept}
        return Solution(derivation, givens, style, setting_of(plan, derivation))

    def _planned(self, inputs: Array, y: Any, training: bool | None, sample_weight: Any) -> Plan:
        if sample_weight is not None and y is None:
            raise ChalkworkError("sample_weight is of use only with a target y")
        trained = y is not None if training is None else flag(training, "training")
        return self.plan(
            self.count(inputs),
            training=trained,
            weighted=sample_weight is not None,
            batched=inputs.ndim > self.axes + 1,
        )

    def _givens(
        self, derivation: Derivation, plan: Plan, inputs: Array, y: Any, masks: Mapping[int, Any] | None, weight: Any
    ) -> dict[str, Array]:
        givens = {"x": inputs}
        if y is not None:
            givens["y"] = self.oriented_target(y, plan.samples).reshape(plan.y.shape)
        if weight is not None:
            givens["w"] = sample_weights(weight, plan)
        return givens | self.values(derivation, plan) | masks_of(plan, masks, self.seed)

    def forward(self, x: Any) -> dict[str, Array]:
        """Every net input and activation (`z1`, `a1`, ...) in the convention's orientation; in inference mode.

        >>> from chalkwork import Dense
        >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=False)])
        >>> net.forward([[1, 1], [0, 1]])["a1"]
        array([[3.],
               [1.]])
        """
        derivation, values = self._evaluated(x)
        return {name: values[name] for name in derivation}

    def backprop(
        self, x: Any, y: Any, *, masks: Mapping[int, Any] | None = None, sample_weight: Any = None
    ) -> dict[str, Array]:
        """Every error (`delta1`, ...) and every gradient (`dW1`, `db1`, ...), shaped as the parameters are.

        In training mode; `masks` and `sample_weight` as in `solve`.

        >>> from chalkwork import Dense
        >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=[0.0])])
        >>> gradients = net.backprop([1, 1], 2)
        >>> gradients["dW1"].tolist(), gradients["db1"].tolist()
        ([[1.0], [1.0]], [1.0])
        """
        plan = self.plan()
        plan.check_gradient()
        derivation, values = self._evaluated(x, y, masks, sample_weight)
        wanted = {f"d{name}": plan.held_shape(name) for name in plan.parameters()}
        return {
            one.name: values[one.name].reshape(wanted.get(one.name, values[one.name].shape))
            for one in derivation.equations
            if one.name in wanted or one.is_error
        }

    def _evaluated(
        self, x: Any, y: Any = None, masks: Mapping[int, Any] | None = None, weight: Any = None
    ) -> tuple[Derivation, dict[str, Array]]:
        inputs = self.oriented_input(x)
        plan = self._planned(inputs, y, None, weight)
        derivation = derive(plan, target=y is not None)
        return derivation, work_out(derivation, self._givens(derivation, plan, inputs, y, masks, weight))

    def output(self, x: Any) -> Array:
        """The output of every sample, in the network's orientation; in inference mode, and quickly.

        >>> from chalkwork import Dense
        >>> NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=False)]).output([[1, 1], [0, 1]]).tolist()
        [[3.0], [1.0]]
        """
        from chalkwork.networks.measuring import output

        return output(self, x)

    def train(
        self,
        x: Any = None,
        y: Any = None,
        eta: float | None = None,
        iterations: int | None = None,
        *,
        data: Any = None,
        steps_per_epoch: int | None = None,
        classes: Any = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        shuffle: bool = True,
        drop_last: bool = False,
        seed: int = 0,
        optimizer: str | Mapping[str, Any] | Optimiser = "gradient_descent",
        schedule: str | Mapping[str, Any] | Callable[[int], Any] | Schedule | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        sample_weight: Any = None,
        class_weight: str | Mapping[Any, float] | None = None,
        validation: Any = None,
        patience: int | None = None,
        least_change: float = 0.0,
        metrics: Any = None,
        callback: Callable[[Moment[Any]], Any] | Sequence[Callable[[Moment[Any]], Any]] | None = None,
        evaluate_every: int | None = None,
        dtype: str = "float64",
        engine: str = "auto",
        progress: bool | None = None,
        verbose: bool | int = False,
        optimizer_state: Mapping[str, Array] | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_every: float = 30.0,
        spread: int = 1,
        **other: Any,
    ) -> History:
        """Train the network, by the very equations that `solve` shows; the losses and measures on the way.

        `y` holds targets, or a label for each sample: texts, whole numbers or truth values, a class for each output, or
        two for a single one. The classes are taken in sorted order, `labels` keeps them, and `predict` gives them back.
        Labels of very many classes cost no more memory than few: every batch makes its own targets of them.
        The learning rate `eta` is 0.01 if none is given; where the loss is a sum over samples (as `"squared_error"`)
        and the optimiser's steps grow with it, 0.01 divided by the number of samples in a batch, which is the step for
        their mean.

        Batch gradient descent for 100 iterations, unless something else is asked: `epochs` over minibatches of
        `batch_size` samples (the last one may be smaller, or left out by `drop_last`: a few samples are too few for
        batch normalisation), shuffled anew in every epoch from `seed`. `optimizer` is a name
        of `RULES` or a mapping such as `{"name": "adam", "beta1": 0.8}`, or `"lbfgs"`, whose steps
        take all samples and have the length that they find themselves, `schedule` a name of `SCHEDULES` or a mapping
        such as `{"name": "cosine", "warmup": 100}`, in steps, or a function of the step, from 0 on, that gives what the
        rate is multiplied with; `{"name": "plateau", "factor": 0.1, "patience": 10}` multiplies it where the validation
        loss has not become better for so many measurements. `clip_norm` shortens all gradients together,
        `clip_value` cuts each entry. `sample_weight` holds a factor from 0 for every sample, `class_weight` one for
        each class (as `predict` names them) or `"balanced"`; they are scaled to a mean of one.

        In place of x and y, `data` gives batches `(x, y)`, or `(x, y, weights)` with weights taken as they are: an
        iterable that is gone through once an epoch, or a function that makes one, which is given the number of the
        pass, from 0 on, if it takes an argument; no more than a batch is held, or a mebibyte of small ones.
        `steps_per_epoch` says where an epoch ends in a source without an end, and is needed for several epochs of an
        iterator, which can be gone through once. `classes` names the classes where labels are not the numbers of the
        outputs. A checkpoint goes on where the source was, if it gives the same batches again.

        `validation` is x and y (and weights), a source of batches like `data`, or the part of the samples to hold out;
        `patience` so many measurements
        without a better validation loss end the run, and the best parameters are kept. `metrics` are names of `METRICS`
        or functions of the true and the predicted values (classes, where the network classifies), measured on the
        samples and, as `validation_...`, on those held out. `callback`, a function or several, is given every
        measurement as a `Moment`: with the network as it is then, whose parameters it may change; it may set the rate,
        and end the run by `stop()` or by returning True. Measured is every epoch, or a hundred times in a run without
        minibatches, or every `evaluate_every` epochs. Where weights are penalised, `loss` is with the `penalty`, which
        is measured beside it, and `validation_loss` without.

        `optimizer_state`, that of an earlier `History`, lets the optimiser go on from there. `dtype` is float64 or
        float32, `engine` "numpy", "jax" or "auto" for whichever will be done first; the same engine and seed give the
        same bits, and `History.engine` says which it was. Progress is shown where standard error is a terminal, and
        with `verbose` a line is printed for every measurement.

        With `checkpoint`, a file, the run is kept there every `checkpoint_every` seconds and at the end, and goes on
        from there, bit for bit, when it is called again with the same data, settings and initial parameters (or with
        the network as the run left it); `History.resumed` says how many steps came from the file. It may be made
        longer, with more epochs or iterations, unless the schedule depends on how many there are. SIGTERM ends the
        process after the run is kept.

        Where `jax.distributed` has joined several processes, each makes the same call with the same data: the samples
        of every batch are spread over all devices, the units of large layers over `spread` of them, and the first
        process writes the checkpoint.

        Ctrl-C ends the run with the parameters so far; so does an exception in a callback, which passes on. Raises
        Diverged, with the likely cause, where the loss is no number any more or a million times what it was; where it
        ends more than three times as high as it began, a warning and `History.stopped` say so. ShapeError,
        ValueProblem or ChalkworkError are raised for input that cannot be used, and for outputs, loss and targets that
        do not fit.

        >>> from chalkwork import Dense
        >>> net = NeuralNetwork([Dense(weights=[[0.5], [-0.5]], activation="sigmoid")], "binary_cross_entropy")
        >>> net.train([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 1], eta=1.0, iterations=200)
        History(200 steps, loss 0.708612 to 0.0471195)
        >>> net.predict([[0, 0], [0, 1]])
        array([0, 1])
        """
        from chalkwork.networks.settings import Settings, under_usual_names
        from chalkwork.networks.training import train_network

        given = {name: value for name, value in locals().items() if name in Settings.__dataclass_fields__}
        return train_network(self, x, y, Settings(**under_usual_names(given, other)))

    def predict(self, x: Any) -> Array:
        """The predicted class of every sample: its label, or, without labels, its output counted from 0.

        A single output gives 0 or 1 then. (A board counts outputs from 1, as the entries of a vector, and says so.)
        Raises ChalkworkError when the output is not one of a classifier.

        >>> from chalkwork import Dense
        >>> NeuralNetwork([Dense(weights=[[1, 0], [0, 1]], activation="softmax")]).predict([[1, 2], [3, 0]])
        array([1, 0])
        >>> net = NeuralNetwork([Dense(1, "sigmoid", inputs=1)], "binary_cross_entropy")
        >>> _ = net.train([[0], [1], [2], [3]], ["no", "no", "yes", "yes"], eta=1, iterations=200)
        >>> net.predict([[0], [3]]).tolist()
        ['no', 'yes']
        """
        from chalkwork.networks.measuring import classes

        if self.layers[-1].activation.name not in CLASSIFY:
            raise self._no_class()
        places = classes(self, x)
        return places if self.labels is None else self.labels.values[places]

    def predict_proba(self, x: Any) -> Array:
        """The probability of every class for every sample, in the network's orientation.

        A single sigmoid gives that of both classes, the lower one first. Raises ChalkworkError where the outputs are no
        probabilities.

        >>> from chalkwork import Dense
        >>> NeuralNetwork([Dense(weights=[[2.0]], activation="sigmoid")]).predict_proba([[0.0]]).tolist()
        [[0.5, 0.5]]
        """
        last = self.layers[-1].activation
        if last.name not in ("softmax", "sigmoid"):
            raise ChalkworkError(f"the output is {last.words}, which gives no probabilities", hint="softmax or sigmoid")
        found, axis = self.output(x), self.convention.unit_axis
        alone = last.name == "sigmoid" and found.shape[axis] == 1
        return np.concatenate([1 - found, found], axis) if alone else found

    def evaluate(
        self, x: Any = None, y: Any = None, *, metrics: Any = None, sample_weight: Any = None, data: Any = None
    ) -> dict[str, float]:
        """The loss without penalties, in inference, `accuracy` where the network classifies, and the metrics asked for.

        `y`, `metrics`, `sample_weight` and `data` are as for `train`.

        >>> from chalkwork import Dense
        >>> net = NeuralNetwork([Dense(weights=[[2.0]], bias=False)])
        >>> net.evaluate([[1.0], [2.0]], [[2.0], [3.0]], metrics=["mae", lambda true, found: (found - true).max()])
        {'loss': 0.5, 'mae': 0.5, '<lambda>': 1.0}
        """
        from chalkwork.networks.measuring import evaluated

        return evaluated(self, x, y, metrics, sample_weight, data)

    def _no_class(self) -> ChalkworkError:
        words = self.layers[-1].activation.words
        return ChalkworkError(
            f"the output is {words}, which gives no class", hint="use softmax, sigmoid or tanh in the last layer"
        )

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.layers))
        return f"NeuralNetwork([{inside}], loss={self.loss!r}, {self.convention!r})"
