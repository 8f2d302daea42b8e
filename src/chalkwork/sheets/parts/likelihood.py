"""Maximum likelihood for a sample, or the likelihood of a network's data."""

from __future__ import annotations

from typing import Any

from chalkwork.errors import SheetError
from chalkwork.laboratory.likelihood import maximum_likelihood, network_likelihood
from chalkwork.laboratory.likelihood.families import NAMES
from chalkwork.laboratory.likelihood.maximum import SECTIONS
from chalkwork.laboratory.likelihood.sample import MOST_CLASSES, MOST_OBSERVATIONS
from chalkwork.sheets import values
from chalkwork.sheets.locate import Listing, Node
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import Key, Keys, Posed, posed, readers, usual_of
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_sample = values.listing(values.fraction, "a list of numbers", MOST_OBSERVATIONS)
_shares = values.listing(values.fraction, "a list of numbers", MOST_CLASSES)


def _read(fields: Fields) -> Work:
    mixed = [key for key in _OF_SAMPLES if key in fields]
    if any(key in fields for key in _OF_NETWORKS):
        if mixed:
            line = fields.line(mixed[0])
            raise SheetError(f"{mixed[0]} belongs to a sample, and the block speaks of a network", line=line)
        return _of_network(fields)
    return _of_sample(fields)


def _of_sample(fields: Fields) -> Work:
    distribution = fields.need("distribution", values.choice(NAMES))
    sample = fields.need("sample", _sample)
    given = fields.given({key: reader for key, reader in readers(_OF_SAMPLES).items() if key in _KNOWN})

    def work(surroundings: Surroundings) -> Solution:
        return maximum_likelihood(distribution, sample, **given, style=surroundings.manner)

    return work


def _generating(node: Node, where: str) -> Any:
    return list(_shares(node, where)) if isinstance(node, Listing) else values.fraction(node, where)


def _of_network(fields: Fields) -> Work:
    name = fields.read("network", values.name, None)
    x, y = (fields.need(key, values.number_or(values.numbers)) for key in ("x", "y"))
    options = fields.given(dict.fromkeys(("sigma", "learning_rate"), values.positive))
    line = fields.line("network")

    def work(surroundings: Surroundings) -> Solution:
        networks = surroundings.networks
        if name is None and len(networks) != 1:
            raise SheetError("the block needs the key 'network', the name of a network of this sheet", line=line)
        net = surroundings.network(next(iter(networks)) if name is None else name, line)
        return network_likelihood(net, x, y, **options, style=surroundings.manner)

    return work


def _distribution(word: str) -> str:
    return word.capitalize() if word in ("bernoulli", "poisson", "gaussian", "laplace") else word


_KNOWN = ("mean", "variance", "trials", "classes", "generating", "show")
_OF_SAMPLES: Keys = {
    "distribution": Key(values.choice(NAMES), "the {} distribution", _distribution),
    "sample": Key(_sample, "the sample ${}$"),
    "mean": Key(values.fraction, r"the mean $\mu = {}$, known"),
    "variance": Key(values.fraction, r"the variance $\sigma^2 = {}$, known"),
    "trials": Key(values.integer(1, 10**6), "${}$ [trial]"),
    "classes": Key(values.integer(2, MOST_CLASSES), "${}$ [class]"),
    "generating": Key(_generating, "the data-generating distribution ${}$"),
    "show": values.listing(values.choice(SECTIONS), "a list of sections", 6),
}
_OF_NETWORKS: Keys = {
    "network": values.name,
    "x": Key(values.number_or(values.numbers), "$x = {}$"),
    "y": Key(values.number_or(values.numbers), "$y = {}$"),
    "sigma": Key(values.positive, r"$\sigma = {}$"),
    "learning_rate": Key(values.positive, r"the learning rate $\eta = {}$"),
}


def _pose(fields: Fields) -> Posed:
    """A normal distribution has the usual deviation where none is given."""
    plain, usual = (
        posed(fields, {**_OF_SAMPLES, **_OF_NETWORKS}, usual_of(network_likelihood, keys)) for keys in ((), ("sigma",))
    )
    return lambda manner, worked: (usual if "sigma" in worked else plain)(manner, worked)


PART = Part(
    (*_OF_SAMPLES, *_OF_NETWORKS),
    _read,
    _pose,
    vary={"sample": "data", "x": "data", "y": "target"},
)
