"""Values: frozen, hashable, and used as dataclasses are."""

from __future__ import annotations

import pickle
from dataclasses import MISSING, fields, is_dataclass, replace

import msgspec
import pytest

from tui.common.values import Value


class Point(Value, frozen=True):
    """Two numbers and marks."""

    x: int
    y: int = 2
    marks: tuple[str, ...] = ()
    history: list[int] = msgspec.field(default_factory=list)


def test_replace_changes_only_what_is_named() -> None:
    point = Point(1, marks=("a",))
    assert replace(point, y=3) == Point(1, 3, ("a",))
    assert point == Point(1, marks=("a",))
    with pytest.raises(TypeError):
        replace(point, z=1)  # type: ignore[call-arg]


def test_fields_have_names_and_defaults() -> None:
    assert [field.name for field in fields(Point)] == ["x", "y", "marks", "history"]
    x, y, marks, history = fields(Point)
    assert (x.default, y.default, marks.default, history.default) == (MISSING, 2, (), MISSING)
    assert history.default_factory is list
    assert Point(1).history is not Point(1).history
    assert is_dataclass(Point)


def test_value_is_frozen_and_compares_by_its_members() -> None:
    point = Point(1)
    with pytest.raises(AttributeError):
        point.x = 2  # type: ignore[misc]
    assert point == Point(1) and point != Point(2)
    assert pickle.loads(pickle.dumps(point)) == point


def test_fields_of_a_subclass_are_its_own() -> None:
    class Named(Point, frozen=True):
        name: str = ""

    assert [field.name for field in fields(Named)][-1] == "name"
    assert "name" not in {field.name for field in fields(Point)}
    assert replace(Named(1, name="a"), name="b").name == "b"
