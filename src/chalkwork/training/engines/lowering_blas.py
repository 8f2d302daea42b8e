"""Matrix products, alpha a b + beta c, as calls with everything known beforehand.

NumPy's own product cannot add to what is there, so its BLAS is called directly. Another copy of BLAS, such as SciPy's,
would keep a second pool of threads awake. Where NumPy came without OpenBLAS its product is used, the sum separate.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.training.step import Array

Call = Callable[[], object]
_LETTERS = {"float32": "s", "float64": "d"}
_SYMBOL = "scipy_{}_64_"
"""How the routines are called there: 64-bit integers, everything by address, columns first."""
ALONE = 5e7
"""Operations of a product below which one thread does it: two wait for each other longer than they save, and on a busy
machine for a turn of the scheduler, product after product."""


@cache
def _library() -> ctypes.CDLL | None:
    """The copy of OpenBLAS that came with NumPy and is loaded already; None where NumPy was built otherwise."""
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in folder.glob("*openblas64*"):
            with suppress(OSError, AttributeError):
                library = ctypes.CDLL(str(path))
                for routine in ("sgemm", "dgemm", "sgemv", "dgemv"):
                    getattr(library, _SYMBOL.format(routine)).restype = None
                library.scipy_openblas_get_num_threads64_.restype = ctypes.c_int
                return library
    return None


def available() -> bool:
    """Whether BLAS can be called."""
    return _library() is not None


class _Threads:
    """How many threads BLAS has, a number of the whole process: who first wants one sets it, the last puts it back."""

    def __init__(self) -> None:
        self.lock, self.users, self.usual = threading.Lock(), 0, 1

    @contextmanager
    def one(self) -> Iterator[None]:
        """One thread for all products, while it lasts."""
        count, choose = (getattr(_library(), f"scipy_openblas_{way}_num_threads64_") for way in ("get", "set"))
        with self.lock:
            self.users += 1
            if self.users == 1:
                self.usual = count()
                choose(1)
        try:
            yield
        finally:
            with self.lock:
                self.users -= 1
                if not self.users:
                    choose(self.usual)


_THREADS = _Threads()


def threads_for(operations: int) -> AbstractContextManager[None]:
    """As many threads as are worth it where no product has more operations than that."""
    return _THREADS.one() if available() and operations < ALONE else nullcontext()


def _routine(name: str) -> Any:
    return getattr(_library(), _SYMBOL.format(name))


class Matrix:
    """A matrix as BLAS sees it: an address that may change, its shape, and whether it lies there transposed.

    >>> Matrix.of(np.zeros((2, 3)).T).transposed
    True
    """

    def __init__(self, address: ctypes.c_void_p, shape: tuple[int, int], transposed: bool) -> None:
        self.address, self.shape, self.transposed = address, shape, transposed

    @classmethod
    def of(cls, array: Array) -> Matrix:
        """An array whose rows, or whose columns, follow each other in memory."""
        rows_follow = bool(array.flags.c_contiguous)
        assert rows_follow or array.flags.f_contiguous
        return cls(address_of(array), (array.shape[0], array.shape[1]), not rows_follow)

    @property
    def turned(self) -> Matrix:
        """The transpose, where it lies."""
        return Matrix(self.address, self.shape[::-1], not self.transposed)


def address_of(array: Array) -> ctypes.c_void_p:
    """Where an array lies."""
    return ctypes.c_void_p(array.ctypes.data)


def product(dtype: np.dtype[Any], alpha: Array, a: Matrix, b: Matrix, beta: Array, out: Array) -> Call:
    """A call of BLAS that makes `out` (rows first) alpha a b + beta out; alpha and beta are read when it is called."""
    letter, scalars = _LETTERS[dtype.name], (address_of(alpha), address_of(beta))
    if out.shape[1] == 1:
        return _matrix_vector(letter, scalars, a, b, out)
    if out.shape[0] == 1:
        return _matrix_vector(letter, scalars, b.turned, a, out)
    return _matrix_matrix(letter, scalars, a, b, out)


def plain_product(alpha: Array, a: Array, b: Array, beta: Array | None, out: Array) -> list[Call]:
    """The same without BLAS at hand; the plain product where there is no beta.

    >>> out, one, two = np.ones((2, 1)), np.ones((1, 1)), np.full((1, 1), 2.0)
    >>> for call in plain_product(two, np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 1)), one, out):
    ...     _ = call()
    >>> out.ravel()
    array([ 7., 15.])
    """
    if beta is None:
        return [partial(np.matmul, a, b, out=out)]
    added = np.empty_like(out)
    return [
        partial(np.matmul, a, b, out=added),
        partial(np.multiply, added, alpha, out=added),
        partial(np.multiply, out, beta, out=out),
        partial(np.add, out, added, out=out),
    ]


def _matrix_matrix(
    letter: str, scalars: tuple[ctypes.c_void_p, ctypes.c_void_p], a: Matrix, b: Matrix, out: Array
) -> Call:
    """Rows first read as columns first is the transpose: out.T = b.T a.T."""
    columns, rows, inner = _integer(out.shape[1]), _integer(out.shape[0]), _integer(a.shape[1])
    alpha, beta = scalars
    return partial(
        _routine(letter + "gemm"), _flag(b.transposed), _flag(a.transposed), columns, rows, inner,
        alpha, b.address, _leading(b), a.address, _leading(a), beta, address_of(out), columns,
    )  # fmt: skip


def _matrix_vector(
    letter: str, scalars: tuple[ctypes.c_void_p, ctypes.c_void_p], a: Matrix, x: Matrix, out: Array
) -> Call:
    lying = a.shape if a.transposed else a.shape[::-1]
    rows, columns, one = _integer(lying[0]), _integer(lying[1]), _integer(1)
    alpha, beta = scalars
    return partial(
        _routine(letter + "gemv"), _flag(not a.transposed), rows, columns,
        alpha, a.address, rows, x.address, one, beta, address_of(out), one,
    )  # fmt: skip


def _integer(value: int) -> Any:
    return ctypes.byref(ctypes.c_int64(value))


def _flag(transposed: bool) -> ctypes.c_char_p:
    return ctypes.c_char_p(b"T" if transposed else b"N")


def _leading(x: Matrix) -> Any:
    """The distance from one column to the next, as it lies."""
    return _integer(x.shape[0] if x.transposed else x.shape[1])
