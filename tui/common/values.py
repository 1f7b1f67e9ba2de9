"""Frozen values, made, decoded and defined much faster than dataclasses; lists that are not complete."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import msgspec

V = TypeVar("V")


class _DataclassFields:
    """The `__dataclass_fields__` of a class, made when they are first asked for."""

    def __get__(self, _: object, kind: type[msgspec.Struct]) -> dict[str, dataclasses.Field[Any]]:
        known = kind.__dict__.get("_dataclass_fields")
        if known is None:
            known = _dataclass_fields(kind)
            type.__setattr__(kind, "_dataclass_fields", known)
        return known


class Value(msgspec.Struct, frozen=True):
    """A frozen value, with which `dataclasses.replace` and `fields` work, as type checkers believe.

    A dataclass takes 0.5 ms to be defined, which a hundred of them made a fifth of the time to the first
    picture, and msgspec needs 2.5 times as long to decode one. Subclasses are `frozen=True`, too.
    """

    if not TYPE_CHECKING:
        __dataclass_fields__: ClassVar = _DataclassFields()


def _dataclass_fields(kind: type[msgspec.Struct]) -> dict[str, dataclasses.Field[Any]]:
    members = {
        field.name: dataclasses.field()
        if field.required
        else dataclasses.field(default=field.default)
        if field.default is not msgspec.NODEFAULT
        else dataclasses.field(default_factory=field.default_factory)
        for field in msgspec.structs.fields(kind)
    }
    # With a docstring of its own no signature is worked out for one.
    body = {**members, "__annotations__": dict.fromkeys(members, "object"), "__doc__": ""}
    plain: Any = type(kind.__name__, (), body)
    # Nothing but its fields is wanted.
    made = dataclasses.dataclass(init=False, repr=False, eq=False)(plain)
    return {field.name: field for field in dataclasses.fields(made)}


class Listed(tuple[V, ...]):
    """The entries of a list, and why others of it are none.

    Attributes:
        unreadable: a reason for each entry that was left out.
    """

    unreadable: tuple[str, ...]

    def __new__(cls, entries: Iterable[V] = (), unreadable: Iterable[str] = ()) -> Self:
        """Return the entries as a tuple."""
        made = super().__new__(cls, entries)
        made.unreadable = tuple(unreadable)
        return made
