"""Update rules, as equations in the same language."""

from __future__ import annotations

from chalkwork.algebra.expression import Expression


def gradient_descent(parameter: Expression, gradient: Expression, rate: Expression) -> Expression:
    """One step against the gradient: W - eta dW.

    Source: Goodfellow, Bengio and Courville, Deep Learning, equation 4.5.

    >>> from chalkwork.algebra.expression import Name
    >>> print(gradient_descent(Name("W1", (2, 2)), Name("dW1", (2, 2)), Name("eta")))
    W1 - eta * dW1
    """
    return parameter - rate * gradient
