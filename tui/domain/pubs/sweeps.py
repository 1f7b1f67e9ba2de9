"""Values of the free parameters of a circuit, one set or a sweep over many, as one PUB takes them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from tui.common.safe_text import plain
from tui.common.values import Value

MOST_SETS: Final = 100_000
"""Sets of values of a job: results of more are not read."""
MOST_NUMBERS: Final = 1_000_000
"""Numbers of a sweep, over all sets and parameters."""
MOST_EXECUTIONS: Final = 10_000_000
"""Executions of a job: sets of values times shots (contract 5.16)."""
_MOST_AXES: Final = 32


class ParameterValues(Value, frozen=True):
    """The values of one parameter.

    Attributes:
        name: of the parameter.
        values: finite; one for each place on the axis, one alone where there is no axis.
        axis: along which axis of the sweep they go, from 0; `None`: the same value in every set.
    """

    name: str
    values: tuple[float, ...]
    axis: int | None = None


class Sweep(Value, frozen=True):
    """Values for the parameters of a circuit, broadcast: parameters of one axis change together.

    Attributes:
        shape: length of each axis; empty: one set.
        columns: of each parameter, in the order in which they were given.
    """

    shape: tuple[int, ...] = ()
    columns: tuple[ParameterValues, ...] = ()

    @property
    def sets(self) -> int:
        """Number of sets of values: how often the circuit is bound."""
        return math.prod(self.shape)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order in which they were given."""
        return tuple(column.name for column in self.columns)

    def at(self, index: Sequence[int]) -> tuple[tuple[str, float], ...]:
        """Return names and values of the set at a place of the shape."""
        return tuple(
            (column.name, column.values[0 if column.axis is None else index[column.axis]])
            for column in self.columns
        )

    def places(self) -> Iterator[tuple[int, ...]]:
        """Yield every place of the shape, in C order."""
        return itertools.product(*map(range, self.shape))

    def axis_names(self, axis: int) -> tuple[str, ...]:
        """Return the parameters that change along an axis."""
        return tuple(column.name for column in self.columns if column.axis == axis)

    def only(self, names: Collection[str]) -> Sweep | None:
        """Return the sweep without other parameters, and without the axes along which nothing changes then.

        Returns:
            The sweep; `None` when no parameter is left.
        """
        columns = tuple(column for column in self.columns if column.name in names)
        kept = sorted({column.axis for column in columns if column.axis is not None})
        moved = {axis: place for place, axis in enumerate(kept)}
        return (
            Sweep(
                tuple(self.shape[axis] for axis in kept),
                tuple(
                    ParameterValues(
                        column.name, column.values, None if column.axis is None else moved[column.axis]
                    )
                    for column in columns
                ),
            )
            if columns
            else None
        )

    def nested(self, names: Sequence[str]) -> list[object]:
        """Return the values as nested lists of shape `(*shape, parameters)`.

        Args:
            names: the parameters of the innermost axis, in its order; all are in the sweep.
        """
        columns = {column.name: column for column in self.columns}
        ordered = [columns[name] for name in names]

        def part(index: tuple[int, ...]) -> list[object]:
            if len(index) == len(self.shape):
                return [c.values[0 if c.axis is None else index[c.axis]] for c in ordered]
            return [part((*index, place)) for place in range(self.shape[len(index)])]

        return part(())

    @property
    def words(self) -> str:
        """Shape and number of sets in words: `20 × 10 = 200 sets`, `1 set`."""
        size = " × ".join(map(str, self.shape))
        noun = "set" if self.sets == 1 else "sets"
        return f"{size} = {self.sets:,} {noun}" if len(self.shape) > 1 else f"{self.sets:,} {noun}"

    def check(self) -> None:
        """Refuse a sweep whose parts do not fit together, or that is too large.

        Raises:
            ValueError: in words for the user.
        """
        if len(self.shape) > _MOST_AXES or any(length < 1 for length in self.shape):
            raise ValueError(f"{len(self.shape)} parameters with several values are too many axes to read.")
        if self.sets > MOST_SETS:
            raise ValueError(
                f"{self.sets:,} sets of values are too many for one job: at most {MOST_SETS:,}. "
                "Split the sweep."
            )
        if self.sets * len(self.columns) > MOST_NUMBERS:
            raise ValueError(
                f"{self.sets:,} sets of {len(self.columns)} parameters are too many numbers for one job: "
                f"at most {MOST_NUMBERS:,}. Split the sweep."
            )
        for column in self.columns:
            if len(column.values) != self._length(column.axis) or column.name == "":
                raise ValueError(f"The values of {column.name} do not fit the shape of the sweep.")

    def _length(self, axis: int | None) -> int:
        if axis is None:
            return 1
        return self.shape[axis] if 0 <= axis < len(self.shape) else -1


def check_bound(parameters: Sequence[str], sweep: Sweep | None) -> None:
    """Refuse a circuit of which a parameter has no value.

    Args:
        parameters: free parameters of the circuit.
        sweep: their values.

    Raises:
        ValueError: naming the parameters.
    """
    given = sweep.names if sweep is not None else ()
    missing = [plain(name, limit=60) for name in parameters if name not in given]
    if missing:
        named = ", ".join(missing[:8]) + (f" and {len(missing) - 8} more" if len(missing) > 8 else "")
        noun = "parameter" if len(missing) == 1 else "parameters"
        raise ValueError(
            f"The free {noun} {named} of the circuit {'has' if len(missing) == 1 else 'have'} no value: "
            "give a number, a list or a range such as 0:2pi:20."
        )


def check_executions(sets: Sequence[int], shots: int) -> None:
    """Refuse more executions than the service takes for one job (contract 5.16).

    Args:
        sets: sets of values of each PUB.
        shots: of each set of values.

    Raises:
        ValueError: with the figure and the limit.
    """
    bound = sum(sets)
    if bound * shots > MOST_EXECUTIONS:
        raise ValueError(
            f"{bound:,} sets of values × {shots:,} shots are {bound * shots:,} executions; "
            f"the service's limit is {MOST_EXECUTIONS:,} a job. Take fewer sets or shots."
        )
