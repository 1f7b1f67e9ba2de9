"""Numbers as people type them, such as `0.5`, `pi/2`, `2pi`: read in linear time, never run as code."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Final

from tui.common.safe_text import plain

LONGEST: Final = 200
"""Characters of one expression."""
_DEEPEST: Final = 30
_TOKEN: Final = re.compile(
    r"\s*+(?:(?P<number>\d++(?:\.\d*+)?+(?:[eE][+-]?+\d++)?+|\.\d++(?:[eE][+-]?+\d++)?+)"
    r"|(?P<name>[^\W\d]\w*+)|(?P<sign>\*\*|[-+*/()]))"
)
_PLAIN: Final = re.compile(r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d++)?+", re.ASCII)
_CONSTANTS: Final[Mapping[str, float]] = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "τ": math.tau,
    "euler": math.e,
    "ℇ": math.e,
}
"""The constants of OpenQASM 3."""
_FUNCTIONS: Final[Mapping[str, Callable[[float], float]]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
}
_SUMS: Final[Mapping[str, Callable[[float, float], float]]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: Final[Mapping[str, Callable[[float, float], float]]] = {"*": operator.mul, "/": operator.truediv}


def number(text: str) -> float:
    """Read a number or an expression: `+ - * / **`, brackets, constants and functions of OpenQASM 3.

    A number right before a name or a bracket multiplies it, and binds closer than `/`: `1/2pi` is `1/(2pi)`.

    Returns:
        The value, finite.

    Raises:
        ValueError: it is neither, is longer than `LONGEST`, or has no finite value.
    """
    stripped = text.strip()
    if len(stripped) > LONGEST:
        raise ValueError(f"{_shown(stripped)} is longer than {LONGEST} characters.")
    try:
        value = float(stripped) if _PLAIN.fullmatch(stripped) else _Reader(stripped).value()
    except (OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"{_shown(stripped)} has no value: {_reason(error)}.") from None
    if not math.isfinite(value):
        raise ValueError(f"{_shown(stripped)} is not a finite number.")
    return value


def _reason(error: ArithmeticError) -> str:
    return "it divides by zero" if isinstance(error, ZeroDivisionError) else "it is too large"


def _shown(text: str) -> str:
    return f"“{plain(text, limit=40)}”"


class _Reader:
    """Reads an expression from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._kind: str = ""
        self._token = ""
        self._next()

    def value(self) -> float:
        """Return the value of the whole text."""
        if not self._token:
            raise ValueError("A number or an expression is missing, for example pi/2.")
        found = self._sum()
        if self._token:
            raise self._unexpected()
        return found

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            rest = self._text[self._at :].strip()
            if rest:
                raise ValueError(f"{_shown(self._text)}: {_shown(rest[0])} cannot stand here.")
            self._kind = self._token = ""
            return
        self._kind, self._at = found.lastgroup or "", found.end()
        self._token = found[self._kind]

    def _unexpected(self) -> ValueError:
        what = f"{_shown(self._token)} cannot stand here" if self._token else "it ends too early"
        return ValueError(f"{_shown(self._text)}: {what}.")

    def _take(self, sign: str) -> None:
        if self._kind != "sign" or self._token != sign:
            raise self._unexpected()
        self._next()

    def _sum(self) -> float:
        return self._chain(_SUMS, lambda: self._chain(_PRODUCTS, self._signed))

    def _chain(
        self, operators: Mapping[str, Callable[[float, float], float]], operand: Callable[[], float]
    ) -> float:
        found = operand()
        while self._kind == "sign" and self._token in operators:
            combine = operators[self._token]
            self._next()
            found = combine(found, operand())
        return found

    def _signed(self) -> float:
        negative = False
        while self._kind == "sign" and self._token in _SUMS:
            negative ^= self._token == "-"
            self._next()
        found = self._power()
        return -found if negative else found

    def _power(self) -> float:
        base = self._multiple()
        if self._token != "**":
            return base
        self._next()
        with_exponent = base ** self._inside(self._signed)
        if isinstance(with_exponent, complex):
            raise ValueError(f"{_shown(self._text)} has no real value.")
        return float(with_exponent)

    def _multiple(self) -> float:
        """A number with what it multiplies right behind it, or an atom."""
        if self._kind != "number":
            return self._atom()
        found = float(self._token)
        self._next()
        if self._kind == "name" or self._token == "(":
            return found * self._atom()
        return found

    def _atom(self) -> float:
        if self._kind == "name":
            return self._named()
        self._take("(")
        found = self._inside(self._sum)
        self._take(")")
        return found

    def _named(self) -> float:
        name = self._token
        self._next()
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name not in _FUNCTIONS:
            known = ", ".join(("pi", "tau", "euler", *_FUNCTIONS))
            raise ValueError(f"{_shown(self._text)}: there is no {_shown(name)} here, only {known}.")
        self._take("(")
        argument = self._inside(self._sum)
        self._take(")")
        try:
            return _FUNCTIONS[name](argument)
        except ValueError:
            raise ValueError(f"{_shown(self._text)}: {name} has no value at {argument:g}.") from None

    def _inside(self, read: Callable[[], float]) -> float:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"{_shown(self._text)} is nested over {_DEEPEST} deep.")
        found = read()
        self._depth -= 1
        return found
