"""What people call the quantities of a network in their programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from chalkwork.checking.reading.names import bare_name

_KNOWN = re.compile(r"(d?)(x|y|z|a|W|U|b|L|delta)(\d*)(_new\d*)?")
_OUT = ("o", "out", "output", "outputs", "final", "last", "pred", "predicted", "predictedoutput", "y")
_HIDDEN = ("h", "hid", "hidden", "hiddenlayer")
_STEMS: Mapping[str, tuple[str, ...]] = {
    "z": ("z", "net", "in", "input", "inputs", "layerinput", "preact", "preactivation", "sum", "s", "logits", "scores"),
    "a": ("a", "act", "activation", "activations", "layeractivation", "layeractivations", "layer", "layeroutput", "out",
          "output", "outputs", "l", "h"),
    "delta": ("delta", "deltas", "layerdelta", "d", "dz", "zdelta", "sigma", "localgradient", "errorterm",
              "dhraw", "dpre"),
    "W": ("w", "weight", "weights", "theta", "syn", "synapse", "kernel"),
    "b": ("b", "bias", "biases"),
}  # fmt: skip
_ALONE: Mapping[str, tuple[str, ...]] = {
    "z": ("scores", "logits", "score", "logit"),
    "a": ("probs", "prob", "probabilities", "probas", "proba", "predictions", "prediction", "pred", "preds", "ypred",
          "yhat", "ypredicted", "yprob", "yprobs", "yp", "p",
          "o", "out", "output", "outputs", "predictedoutput", "softmaxoutput", "hypothesis"),
    "delta": ("dscores", "dlogits", "dscore", "outputdelta", "outputdeltas", "dpredictedoutput", "doutput", "dy"),
    "L": ("loss", "cost", "mse", "sse", "bce", "crossentropy", "dataloss", "totalloss", "totalerror", "j", "e", "error",
          "err", "losses", "objective", "errortotal", "meansquarederror", "nll", "negloglikelihood", "total",
          "totalcost", "etotal", "fehler", "verlust", "kosten", "erreur", "perte", "cout", "errore", "perdida", "costo",
          "coste", "huber"),
}  # fmt: skip
_HIDDEN_ALONE: Mapping[str, tuple[str, ...]] = {
    "a": ("h", "hidden", "hiddenlayer", "hiddenoutput", "hiddenoutputs", "hiddenlayeroutput", "hid"),
    "delta": ("dhidden", "dh", "hiddendelta", "hiddendeltas", "dhiddenlayer", "deltah", "dpre"),
}
_OF_A_NORMALISATION: Mapping[str, tuple[str, ...]] = {
    "mu": ("mu", "mean", "samplemean", "batchmean", "mubatch"),
    "var": ("var", "variance", "samplevar", "batchvar", "sigma2", "sigmasq"),
    "xhat": ("xhat", "xnorm", "xnormalized", "znorm", "zhat", "xn", "normalized"),
    "gamma": ("gamma", "scale"),
    "beta": ("beta", "shift"),
}
_A_LOSS = re.compile("loss|cost|entropy|nll|verlust|kosten|perte", re.IGNORECASE)
_NO_LOSS = re.compile("grad|deriv|wrt|delta|^d[_A-Zl]", re.IGNORECASE)
_BETWEEN = {1: ("ih", "xh", "inputhidden", "inputtohidden", "inh", "hiddeninput"),
            2: ("ho", "hy", "hiddenoutput", "hiddentooutput", "hout", "outputhidden")}  # fmt: skip
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_KINDS = {stem: kind for kind in "Wb" for stem in _STEMS[kind]}
_DERIVED = ("d", "grad", "grads", "gradient", "gradients", "nabla", "g")
_OF_A_LAYER = ("fc", "dense", "linear", "lin", "affine", "layer", "l")
_DIFFERENTIATED = ("loss", "cost", "wrt")
_BACK = ("hh", "rec", "recurrent", "hiddenhidden", "hiddentohidden")


@lru_cache(maxsize=1 << 10)
def kinds_called(word: str) -> tuple[str, ...]:
    """The kinds of quantities that a word without the number of a layer can stand for.

    >>> kinds_called("delta"), kinds_called("dW"), kinds_called("anything")
    (('delta',), ('dW',), ())
    """
    bare = bare_name(word).lower()
    found = [kind for kind, stems in _STEMS.items() if bare in stems or bare in (f"{stem}s" for stem in stems)]
    for kind in ("W", "b"):
        found += [f"d{kind}" for stem in _STEMS[kind] if bare in differentiated(stem)]
    return tuple(dict.fromkeys(found))


def holds_a_loss(word: str) -> bool:
    """Whether a loss is in a word, whatever else is in it, and no derivative of one.

    >>> holds_a_loss("train_cross_entropy"), holds_a_loss("costs_2"), holds_a_loss("grad_loss_wrt_b")
    (True, True, False)
    """
    return bool(_A_LOSS.search(word)) and not _NO_LOSS.search(word)


@lru_cache(maxsize=64)
def aliases_of(known: tuple[str, ...], layers: int) -> dict[str, tuple[str, ...]]:
    """What people call the quantities of a network, each with the names that it can mean."""
    found: dict[str, list[str]] = {}

    def add(word: str, name: str) -> None:
        names = found.setdefault(word, [])
        if name not in names:
            names.append(name)

    for name in known if layers else ():
        own = re.fullmatch(r"(d?)([a-z]+)\d+", name)
        letter = own[2] if own is not None and own[2] in _OF_A_NORMALISATION else (name[1:].rstrip("0123456789"))
        for word in _OF_A_NORMALISATION.get(letter, ()) if own is not None else ():
            for whole in (word,) if name.startswith(letter) else differentiated(word):
                add(whole, name)
    for name in known if layers else ():
        parts = _KNOWN.fullmatch(name)
        if parts is None or parts[4]:
            continue
        for word in _called(parts[2], int(parts[3] or 0), layers):
            for whole in differentiated(word) if parts[1] else (word,):
                add(whole, name)
    return {word: tuple(names) for word, names in found.items()}


def _called(kind: str, layer: int, layers: int) -> Iterator[str]:
    last, hidden = layer == layers, layers == 2 and layer == 1
    places = [str(layer), *(_OUT if last else ()), *(_HIDDEN if hidden else ())]
    places += [] if last else [f"{word}{layer}" for word in ("h", "hidden", "hid")]
    for stem in _STEMS.get(kind, ()):
        for place in places:
            if stem not in ("s", "h") or place.isdigit():  # outputs are no s of the output
                yield from (f"{stem}{place}", f"{place}{stem}")
    if last or not layer:
        yield from _ALONE.get(kind, ())
    if hidden:
        yield from _HIDDEN_ALONE.get(kind, ())
    if kind in ("W", "b") and layers == 1:
        yield from _STEMS[kind]
    if kind in ("W", "b") and layers == 2:
        yield from (f"{stem}{place}" for stem in _STEMS[kind] for place in _BETWEEN[layer])
    if kind == "delta":
        for before in ("l", "layer"):
            yield from (f"{before}{layer}delta", f"{before}{layer}deltas", f"delta{before}{layer}", f"d{before}{layer}")
    if kind == "W":
        yield f"syn{layer - 1}"
    if kind == "U":
        yield from (f"{stem}{place}" for stem in _STEMS["W"] for place in (*_BACK, f"hhl{layer - 1}"))
    if kind == "delta" and layers == 1:
        yield from _STEMS[kind]
    if kind == "x":
        yield from ("l0", "layer0", "act0", "activation0", "inputs", "data", "features")
    if kind == "y":
        yield from ("t", "targets", "label", "labels", "expected", "expectedoutput", "truth", "ytrue")


@lru_cache(maxsize=1 << 10)
def read_in_parts(word: str, layers: int) -> str | None:
    """The parameter, or its gradient, that a word of several parts names: the kind and the layer, in any order.

    >>> read_in_parts("fc1_w", 2), read_in_parts("grad_fc2_bias", 2), read_in_parts("outputLayerWeights", 2)
    ('W1', 'db2', 'W2')
    >>> read_in_parts("d_loss__d_b_out", 2), read_in_parts("loss_grad_w1", 2)
    ('db2', 'dW1')
    >>> read_in_parts("fc1_out", 2), read_in_parts("my_weights", 2)
    (None, None)
    """
    kinds, places, before = set(), set(), ""
    for part in (found[0].lower() for found in _PART.finditer(word)):
        stem = part[1:] if part[0] == "d" and part[1:] in _KINDS else part
        before = "d" if stem != part or part in _DERIVED else before
        if stem in _KINDS:
            kinds.add(_KINDS[stem])
        elif part.isdigit() or part in (*_OUT[:4], *_HIDDEN[:3]):
            places.add(int(part) if part.isdigit() else layers if part in _OUT else 1)
        elif part not in (*_DERIVED, *_OF_A_LAYER, *_DIFFERENTIATED):
            return None
    place = places.pop() if len(kinds) == len(places) == 1 else 0
    return f"{before}{kinds.pop()}{place}" if 1 <= place <= layers else None


def differentiated(word: str) -> Iterator[str]:
    """What people call the derivative by what has this name."""
    for before in ("d", "grad", "g", "nabla", "gradient", "delta", "dl", "dj", "de", "dloss"):
        yield f"{before}{word}"
    for after in ("grad", "gradient", "grads", "delta", "update"):
        yield f"{word}{after}"
