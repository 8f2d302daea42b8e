"""Maximum likelihood, and what it has to do with cross-entropy and the losses of networks.

`families` is the table of distributions. `estimate` makes the derivation of one of them for a sample and `text` writes
it (`categorical` both for the one that needs a constraint), `comparison` treats the sample as a distribution of its
own, `maximum` puts them together. `divergence` compares two distributions, `network` reads the loss of a network as a
negative log-likelihood.
"""

from chalkwork.laboratory.likelihood.divergence import divergence
from chalkwork.laboratory.likelihood.maximum import maximum_likelihood
from chalkwork.laboratory.likelihood.network import network_likelihood

__all__ = ["divergence", "maximum_likelihood", "network_likelihood"]
