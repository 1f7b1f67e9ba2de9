"""Values of parameters from text: what is typed for each, and the rows of a CSV or JSON file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tui.common.safe_text import plain
from tui.domain.pubs.expressions import number
from tui.domain.pubs.sweeps import MOST_SETS, ParameterValues, Sweep

LONGEST_TEXT: Final = 2_000_000
"""Characters that are typed, or read from a command line, for one parameter."""
_EXAMPLE: Final = "for example 0.5, pi/2, a list 0, pi/4, pi or a range 0:2pi:20"
_MOST_COLUMNS: Final = 1_000
Table = Mapping[str, tuple[float, ...]]
"""Values by parameter, of the rows of a file: all columns are of one length."""


class ParameterError(ValueError):
    """A value cannot be meant so.

    Attributes:
        parameter: the parameter it is of; empty when it is of several, or of a file.
    """

    def __init__(self, message: str, parameter: str = "") -> None:
        super().__init__(message)
        self.parameter = parameter


def parse_values(text: str) -> tuple[float, ...]:
    """Read the values of one parameter.

    Args:
        text: numbers or expressions with commas between, and ranges `start:stop:count`, of which both ends
            are values.

    Returns:
        At least one value.

    Raises:
        ValueError: in words for the user.
    """
    if not text.strip():
        raise ValueError(f"A value is missing: {_EXAMPLE}.")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{len(text):,} characters are too many: put the values into a file.")
    values: list[float] = []
    for part in text.split(","):
        values += _range(part) if ":" in part else [number(part)]
        if len(values) > MOST_SETS:
            raise ValueError(f"These are more than {MOST_SETS:,} values, the most for one job.")
    return tuple(values)


def _range(text: str) -> list[float]:
    parts = text.split(":")
    if len(parts) != 3:
        shown = plain(text.strip(), limit=40)
        raise ValueError(f"“{shown}”: a range has a start, a stop and a count, for example 0:2pi:20.")
    start, stop = number(parts[0]), number(parts[1])
    count = parts[2].strip()
    if not (count.isascii() and count.isdigit()) or not 2 <= int(count[:9]) <= MOST_SETS:
        shown = plain(count, limit=20)
        raise ValueError(f"“{shown}”: the count of a range is a whole number from 2 to {MOST_SETS:,}.")
    steps = int(count) - 1
    step = (stop - start) / steps
    if not math.isfinite(step):
        raise ValueError("The ends of the range are too far apart.")
    return [*(start + place * step for place in range(steps)), stop]


def parse_assignment(text: str) -> tuple[str, str]:
    """Split `theta=0:2pi:20` into the parameter and its values, which are not read yet.

    Raises:
        ValueError: there is no `=`, or nothing before it.
    """
    name, equals, values = text.partition("=")
    if not equals or not name.strip():
        raise ValueError(
            f"“{plain(text, limit=60)}”: write NAME=VALUES, {_EXAMPLE.replace('0.5', 'theta=0.5', 1)}."
        )
    return name.strip(), values


def sweep_of(
    texts: Sequence[tuple[str, str]],
    parameters: Sequence[str],
    *,
    table: Table | None = None,
    zipped: bool = False,
) -> Sweep | None:
    """Combine the values of all parameters of a circuit into a sweep.

    Each parameter with several values gets an axis of its own, in the order of `texts`; before them the rows
    of a file get one for all of its parameters.

    Args:
        texts: parameters with their values as text.
        parameters: all free parameters of the circuit.
        table: values from a file.
        zipped: all parameters with several values change together, along one axis.

    Returns:
        The sweep, with the columns in this order; `None` for a circuit without parameters.

    Raises:
        ParameterError: a parameter has no value, or two, or the circuit has no such parameter; a value cannot
            be read; the lengths do not go together; it is too large.
    """
    given = read_columns(texts, table or {})
    for name in given:
        if name not in parameters:
            known = f"its parameters are {_listed(parameters)}" if parameters else "it has none"
            raise ParameterError(f"The circuit has no parameter {plain(name, limit=60)}: {known}.", name)
    for name in parameters:
        if name not in given:
            raise ParameterError(f"{plain(name, limit=60)} has no value yet: {_EXAMPLE}.", name)
    if not given:
        return None
    sweep = _combined(given, frozenset(table or ()), zipped=zipped)
    try:
        sweep.check()
    except ValueError as error:
        raise ParameterError(str(error)) from None
    return sweep


def read_columns(texts: Sequence[tuple[str, str]], table: Table) -> dict[str, tuple[float, ...]]:
    """Read the values of each parameter, whatever circuit they are for.

    Returns:
        Values by parameter, those of the file first.

    Raises:
        ParameterError: a value cannot be read, or a parameter is given twice.
    """
    given: dict[str, tuple[float, ...]] = dict(table)
    for name, text in texts:
        shown = plain(name, limit=60)
        if name in given:
            raise ParameterError(f"{shown} is given twice.", name)
        try:
            given[name] = parse_values(text)
        except ValueError as error:
            raise ParameterError(f"{shown}: {error}", name) from None
    return given


def _combined(given: Mapping[str, tuple[float, ...]], rows: frozenset[str], *, zipped: bool) -> Sweep:
    shape: list[int] = []
    columns: list[ParameterValues] = []
    shared: ParameterValues | None = None
    for name, values in given.items():
        together = zipped or name in rows
        axis: int | None = None
        if len(values) > 1 and together and shared is not None:
            axis = shared.axis
            if len(shared.values) != len(values):
                raise ParameterError(
                    f"{plain(shared.name, limit=60)} has {len(shared.values):,} values, "
                    f"{plain(name, limit=60)} has {len(values):,}: "
                    "parameters that change together need as many of each.",
                    name,
                )
        elif len(values) > 1:
            axis = len(shape)
            shape.append(len(values))
        columns.append(ParameterValues(name, values, axis))
        if together and len(values) > 1 and shared is None:
            shared = columns[-1]
    return Sweep(tuple(shape), tuple(columns))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(plain(name, limit=60) for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def parse_table(text: str, *, name: str = "The file") -> Table:
    """Read the rows of a file: CSV with the parameters in its first line, or JSON.

    JSON is an array of objects, one a row, or one object with an array for each parameter. Numbers may be
    expressions, in JSON as strings.

    Args:
        text: of the file.
        name: of the file, for messages.

    Returns:
        Values by parameter, as many of each as there are rows.

    Raises:
        ParameterError: it is neither, is empty, has over `MOST_SETS` rows, or a value cannot be read.
    """
    text = text.removeprefix("\ufeff")
    try:
        table = _json(text) if text.lstrip()[:1] in ("[", "{") else _csv(text)
    except ValueError as error:
        raise ParameterError(f"{plain(name, limit=120)}: {error}") from None
    if not table or not all(table.values()):
        raise ParameterError(f"{plain(name, limit=120)} holds no values.")
    return table


def _csv(text: str) -> Table:
    head = text.lstrip().split("\n", 1)[0]
    delimiter = next((sign for sign in "\t;" if sign in head), ",")
    try:
        rows = [
            row
            for row in csv.reader(io.StringIO(text.lstrip()), delimiter=delimiter)
            if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise ValueError(f"it is no CSV file: {error}.") from None
    if not rows:
        return {}
    names = [cell.strip() for cell in rows[0]]
    if not all(names) or len(names) > _MOST_COLUMNS:
        raise ValueError("the first line has to name a parameter for each column.")
    _check_rows(len(rows) - 1)
    columns: list[list[float]] = [[] for _ in names]
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise ValueError(f"row {line:,} has {len(row)} values for {len(names)} parameters.")
        for column, cell in zip(columns, row, strict=True):
            column.append(_cell(cell, f"row {line:,}"))
    return _unique(names, columns)


def _json(text: str) -> Table:
    try:
        found = msgspec.json.decode(text, type=list[dict[str, float | str]] | dict[str, object])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"it is no array of objects and no object of arrays: {error}.") from None
    if isinstance(found, dict):
        columns = {name: _listed_values(name, values) for name, values in found.items()}
        longest = max(map(len, columns.values()), default=0)
        for name, values in columns.items():
            if len(values) not in (1, longest):
                raise ValueError(
                    f"{plain(name, limit=60)} has {len(values):,} values, another one {longest:,}."
                )
        return {name: values * longest if len(values) == 1 else values for name, values in columns.items()}
    _check_rows(len(found))
    names = list(found[0]) if found else []
    rows: list[list[float]] = [[] for _ in names]
    for line, row in enumerate(found, 1):
        if row.keys() != set(names):
            raise ValueError(f"row {line:,} has other parameters than the first one.")
        for name, column in zip(names, rows, strict=True):
            column.append(_cell(row[name], f"row {line:,}"))
    return _unique(names, rows)


def _listed_values(name: str, values: object) -> tuple[float, ...]:
    where = plain(name, limit=60)
    if isinstance(values, str):
        try:
            return parse_values(values)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    entries = values if isinstance(values, list) else [values]
    _check_rows(len(entries))
    return tuple(_cell(entry, where) for entry in entries)


def _cell(entry: object, where: str) -> float:
    if isinstance(entry, str):
        try:
            return number(entry)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    if isinstance(entry, bool) or not isinstance(entry, int | float) or not abs(entry) < math.inf:
        raise ValueError(f"{where}: {plain(str(entry)[:60])} is not a number.")
    return float(entry)


def _check_rows(count: int) -> None:
    if count > MOST_SETS:
        raise ValueError(f"it has {count:,} rows; at most {MOST_SETS:,} for one job.")


def _unique(names: Sequence[str], columns: Sequence[Sequence[float]]) -> Table:
    table = {name: tuple(values) for name, values in zip(names, columns, strict=True)}
    if len(table) != len(names):
        raise ValueError("a parameter has two columns.")
    return table
