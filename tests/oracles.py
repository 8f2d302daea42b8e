"""What every entrywise operation is, by JAX and by SymPy: the second opinion that every test of them asks.

An operation without its lines here fails tests.
"""

import jax
import jax.numpy as jnp
import optax
import sympy

VALUES = {
    "add": jnp.add,
    "subtract": jnp.subtract,
    "negative": jnp.negative,
    "multiply": jnp.multiply,
    "divide": jnp.divide,
    "power": jnp.power,
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "abs": jnp.abs,
    "sign": lambda x, at_zero: jnp.where(x == 0, at_zero, jnp.sign(x)),
    "floor": jnp.floor,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "arctan": jnp.arctan,
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "equal": lambda a, b: jnp.equal(a, b).astype(a.dtype),
    "xlogy": jax.scipy.special.xlogy,
    "normal_cdf": jax.scipy.stats.norm.cdf,
    "normal_pdf": jax.scipy.stats.norm.pdf,
    "identity": lambda x: x,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": lambda x, at_zero: jax.nn.relu(x),
    "step": lambda x, at_zero: jnp.heaviside(x, at_zero),
    "leaky_relu": lambda x, alpha, at_zero: jax.nn.leaky_relu(x, alpha),
    "leaky_step": lambda x, alpha, at_zero: (
        alpha + (1 - alpha) * jnp.heaviside(x, 0.0 if at_zero is None else (at_zero - alpha) / (1 - alpha))
    ),
    "elu": jax.nn.elu,
    "huber": lambda x, delta: optax.losses.huber_loss(x, delta=delta),
    "softplus": jax.nn.softplus,
    "mish": jax.nn.mish,
    "silu": jax.nn.silu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "softsign": jax.nn.soft_sign,
    "log_sigmoid": jax.nn.log_sigmoid,
}

a, b, x = sympy.symbols("a b x", real=True)


def piecewise(below, above):
    return sympy.Piecewise((below, x < 0), (above, True))


def normal_cdf(argument):
    return sympy.erfc(-argument / sympy.sqrt(2)) / 2


FORMULAS = {
    "add": lambda: a + b,
    "subtract": lambda: a - b,
    "negative": lambda: -x,
    "multiply": lambda: a * b,
    "divide": lambda: a / b,
    "power": lambda: a**b,
    "exp": lambda: sympy.exp(x),
    "log": lambda: sympy.log(x),
    "sqrt": lambda: sympy.sqrt(x),
    "abs": lambda: piecewise(-x, x),
    "floor": lambda: sympy.Piecewise(*((sympy.Integer(n), x < n + 1) for n in range(-4, 4)), (sympy.nan, True)),
    "sign": lambda at_zero: piecewise(sympy.Integer(-1), sympy.Integer(1)),
    "sin": lambda: sympy.sin(x),
    "cos": lambda: sympy.cos(x),
    "arctan": lambda: sympy.atan(x),
    "maximum": lambda: sympy.Piecewise((a, a > b), (b, True)),
    "minimum": lambda: sympy.Piecewise((a, a < b), (b, True)),
    "equal": lambda: sympy.Piecewise((1, sympy.Eq(a, b)), (0, True)),
    "xlogy": lambda: a * sympy.log(b),
    "normal_cdf": lambda: normal_cdf(x),
    "normal_pdf": lambda: sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi),
    "identity": lambda: x,
    "sigmoid": lambda: 1 / (1 + sympy.exp(-x)),
    "tanh": lambda: sympy.tanh(x),
    "relu": lambda at_zero: piecewise(sympy.Integer(0), x),
    "step": lambda at_zero: piecewise(sympy.Integer(0), sympy.Integer(1)),
    "leaky_relu": lambda alpha, at_zero: piecewise(alpha * x, x),
    "leaky_step": lambda alpha, at_zero: piecewise(alpha, sympy.Integer(1)),
    "elu": lambda alpha: piecewise(alpha * (sympy.exp(x) - 1), x),
    "huber": lambda delta: sympy.Piecewise(
        (-delta * x - delta**2 / 2, x < -delta), (x**2 / 2, x <= delta), (delta * x - delta**2 / 2, True)
    ),
    "softplus": lambda: sympy.log(1 + sympy.exp(x)),
    "silu": lambda: x / (1 + sympy.exp(-x)),
    "gelu": lambda: x * normal_cdf(x),
    "mish": lambda: x * sympy.tanh(sympy.log(1 + sympy.exp(x))),
    "log_sigmoid": lambda: -sympy.log(1 + sympy.exp(-x)),
    "softsign": lambda: piecewise(x / (1 - x), x / (1 + x)),
}

# what the derivative is where it jumps, one number or one for each place; parameters as declared
AT_KINKS = {
    "abs": lambda: 0.0,
    "sign": lambda at_zero: 0.0,
    "relu": lambda at_zero: at_zero,
    "step": lambda at_zero: 0.0,
    "leaky_relu": lambda alpha, at_zero: alpha if at_zero is None else at_zero,
    "leaky_step": lambda alpha, at_zero: 0.0,
    "elu": lambda alpha: alpha,
}

INF = float("inf")
# limits at infinity where the formula as JAX evaluates it is infinity times zero or infinity by infinity
LIMITS = {
    ("mish", -INF): 0.0,
    ("silu", -INF): 0.0,
    ("gelu", -INF): 0.0,
    ("softsign", INF): 1.0,
    ("softsign", -INF): -1.0,
}
