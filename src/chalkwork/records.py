"""`dataclass` as the standard library means it, made in a quarter of its time.

A start loads a few hundred small classes. The standard library writes and compiles six methods for each; here only
`__init__` is written, and the others are functions that all share. Fields, `replace`, `asdict`, matching and what a
type checker sees are the standard library's own.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, FrozenInstanceError, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, repr=True, slots=False, kw_only=False):
        """The class with the methods of its fields.

        >>> @dataclass(frozen=True, slots=True)
        ... class Point:
        ...     '''A point.'''
        ...     x: float
        ...     y: float = 0.0
        >>> Point(1.0) == Point(y=0.0, x=1.0), hash(Point(1.0)) == hash(Point(1.0)), Point(1.0)
        (True, True, Point(x=1.0, y=0.0))
        >>> Point(1.0).x = 2.0
        Traceback (most recent call last):
            ...
        dataclasses.FrozenInstanceError: cannot assign to field 'x'
        """

        def made(cls: Any) -> Any:
            cls.__doc__ = cls.__doc__ or cls.__name__  # or the standard library writes the signature there
            own = {name for name, value in vars(cls).items() if (name, value) != ("__hash__", None)}
            cls = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
            methods = {"__init__": _init(cls, frozen, slots)}
            if repr:
                methods["__repr__"] = _repr
            if eq:
                methods |= _compared(cls, frozen)
            if frozen:
                methods |= _frozen(cls, slots)
            for name, method in methods.items():
                if name not in own:
                    setattr(cls, name, method)
            return cls

        return made if cls is None else made(cls)


def _init(cls: Any, frozen: bool, slots: bool) -> Any:
    """`__init__`, written out: a call is as fast, and refuses in the same words, as a function written by hand."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": MISSING}
    places: list[str] = []
    named: list[str] = []
    body: list[str] = []
    for field in fields(cls):
        name = value = field.name
        default = ""
        if field.default_factory is not MISSING:
            default, known[f"_make_{name}"] = "=_MISSING", field.default_factory
            value = f"_make_{name}()" + (f" if {name} is _MISSING else {name}" if field.init else "")
        elif field.default is not MISSING:
            default, known[f"_default_{name}"] = f"=_default_{name}", field.default
            value = name if field.init else f"_default_{name}"
        if field.init:
            (named if field.kw_only else places).append(name + default)
        elif value == name or (field.default is not MISSING and not slots):
            continue  # set later, or an attribute of the class
        body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    arguments = ", ".join(["self", *places, *(["*", *named] if named else [])])
    exec(f"def __init__({arguments}):\n " + "\n ".join(body or ["pass"]), known)
    known["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return known["__init__"]


@recursive_repr()
def _repr(self: Any) -> str:
    shown = [f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _compared(cls: Any, frozen: bool) -> dict[str, Any]:
    """Equality by the fields that are compared, and a hash of them where nothing can change them."""
    names = [field.name for field in fields(cls) if field.compare]
    read: Any = attrgetter(*names) if len(names) > 1 else lambda self: tuple(getattr(self, name) for name in names)

    def equal(self: Any, other: object) -> Any:
        return read(self) == read(other) if type(other) is type(self) else NotImplemented

    def hashed(self: Any) -> int:
        return hash(read(self))

    return {"__eq__": equal, "__hash__": hashed if frozen else None}


def _frozen(cls: Any, slots: bool) -> dict[str, Any]:
    """What refuses changes, and copies and pickles what cannot be changed."""
    names = frozenset(cls.__dataclass_fields__)

    def assign(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    changing = {"__setattr__": assign, "__delattr__": delete}
    return changing | ({"__getstate__": _state, "__setstate__": _take_state} if slots else {})


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in fields(self)]


def _take_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
