"""Results as tables: a row a bit string, a value or a shot, with the values of the parameters."""

from __future__ import annotations

import csv
import heapq
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.export.forms import TableKind
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult
from tui.domain.statistics.errors import share_error

Cell = str | int | float | None
Shots = Sequence[Mapping[str, Sequence[tuple[tuple[int, ...], Sequence[str]]]]]
"""For each PUB, by register: every place of its shape with the bit string of each shot."""
_ROWS: Final = 2_000
"""Rows that are written to bytes together."""
_SORTED: Final = 8_192
"""Bit strings that are sorted in one piece."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, and rows. They may be gone through once."""

    heads: tuple[str, ...]
    rows: Iterable[tuple[Cell, ...]]


def result_table(result: JobResult, kind: TableKind | None = None, shots: Shots = ()) -> Table:
    """Return a table of a result.

    Args:
        result: of the job.
        kind: which one; `None`: counts where there are any, else values.
        shots: of `TableKind.SHOTS`, as decoded from the body.

    Raises:
        QdeckError: `CONFLICT`: the result has no such table.
    """
    counted = any(pub.counts or pub.quasi is not None for pub in result.pubs)
    kind = kind or (TableKind.COUNTS if counted else TableKind.VALUES)
    if kind is TableKind.COUNTS and counted:
        return counts_table(result.pubs)
    if kind is TableKind.VALUES and any(pub.values for pub in result.pubs):
        return values_table(result.pubs)
    if kind is TableKind.SHOTS and shots:
        return shots_table(result.pubs, shots)
    raise QdeckError(ErrorKind.CONFLICT, f"There are no {kind} in this result. {result.note}".rstrip())


def counts_table(pubs: Sequence[PubResult]) -> Table:
    """Return counts by PUB, register, place and bit string, the most frequent first.

    `share` is that of the shots, `error` its standard error by shot noise. Quasi-probabilities stand in
    `share`.
    """
    names = _parameters(pubs)
    heads = ("pub", "circuit", "register", "index", *names, "bits", "count", "shots", "share", "error")
    return Table(heads, chain.from_iterable(_counts(n, pub, names) for n, pub in enumerate(pubs, 1)))


def values_table(pubs: Sequence[PubResult]) -> Table:
    """Return values by PUB, observable and place; before each value those before each step of mitigation.

    `step` is empty for a value that the service mitigated, or that was not.
    """
    names = _parameters(pubs)
    heads = ("pub", "circuit", "observable", "index", *names, "step", "value", "std")
    return Table(heads, chain.from_iterable(_values(n, pub, names) for n, pub in enumerate(pubs, 1)))


def shots_table(pubs: Sequence[PubResult], shots: Shots) -> Table:
    """Return the bits of each shot by PUB and place, in the order of the shots; a column a register."""
    names = _parameters(pubs)
    registers = tuple(dict.fromkeys(name for pub in shots for name in pub))
    heads = ("pub", "circuit", "index", *names, "shot", *registers)

    def rows() -> Iterator[tuple[Cell, ...]]:
        for number, (pub, of) in enumerate(zip(pubs, shots, strict=False), 1):
            by_place: dict[tuple[int, ...], dict[str, Sequence[str]]] = {}
            for register, places in of.items():
                for index, bits in places:
                    by_place.setdefault(index, {})[register] = bits
            for index, columns in by_place.items():
                before = (number, pub.name, _place(index), *_values_at(pub, index, names))
                longest = max(map(len, columns.values()), default=0)
                lists = [columns.get(name, ()) for name in registers]
                for shot in range(longest):
                    yield (*before, shot, *(bits[shot] if shot < len(bits) else None for bits in lists))

    return Table(heads, rows())


def joint_result(result: JobResult, shots: Shots) -> JobResult:
    """Return a result whose counts are those of all registers of a shot together.

    Args:
        result: of a sampler.
        shots: as decoded from its body.

    Returns:
        The result; bit strings are written as Qiskit writes several registers: the first rightmost, blanks
        between them, in the register's name too.
    """
    pubs = []
    for pub, of in zip(result.pubs, shots, strict=False):
        registers = tuple(reversed(list(of)))
        places = {name: dict(by_place) for name, by_place in of.items()}
        bits = {counts.register: counts.num_bits for counts in pub.counts}
        counts = [
            _joint(registers, index, [places[name].get(index, ()) for name in registers], bits)
            for index in (places[registers[0]] if registers else ())
        ]
        pubs.append(replace(pub, counts=tuple(counts)))
    return replace(result, pubs=tuple(pubs))


def _joint(
    registers: Sequence[str],
    index: tuple[int, ...],
    columns: Sequence[Sequence[str]],
    bits: Mapping[str, int],
) -> Counts:
    seen = Counter(map(" ".join, zip(*columns, strict=False)))
    width = sum(bits.get(name, 0) for name in registers)
    return Counts(" ".join(registers), width, seen.total(), dict(seen), index)


def joined(tables: Sequence[tuple[str, Table]]) -> Table:
    """Return tables of several jobs as one, with the job's id in front; columns that one lacks stay empty.

    Args:
        tables: ids and tables.
    """
    heads = tuple(dict.fromkeys(head for _, table in tables for head in table.heads))

    def rows() -> Iterator[tuple[Cell, ...]]:
        for job_id, table in tables:
            places = {head: place for place, head in enumerate(table.heads)}
            for row in table.rows:
                yield (job_id, *(row[places[head]] if head in places else None for head in heads))

    return Table(("job", *heads), rows())


def csv_bytes(table: Table) -> Iterator[bytes]:
    """Yield a table as CSV in UTF-8 (RFC 4180, but line feeds alone), its heads first, in pieces.

    Numbers have all digits that tell them apart; what is not known is an empty cell.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.heads)
    for place, row in enumerate(table.rows, 1):
        writer.writerow(row)
        if place % _ROWS == 0:
            yield text.getvalue().encode("utf-8", "backslashreplace")
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode("utf-8", "backslashreplace")


def _parameters(pubs: Sequence[PubResult]) -> tuple[str, ...]:
    """Return the names of the parameters of all PUBs, each once."""
    return tuple(dict.fromkeys(name for pub in pubs if pub.sweep is not None for name in pub.sweep.names))


def _values_at(pub: PubResult, index: tuple[int, ...], names: tuple[str, ...]) -> tuple[Cell, ...]:
    known = dict(pub.parameters_at(index))
    return tuple(known.get(name) for name in names)


def _counts(number: int, pub: PubResult, names: tuple[str, ...]) -> Iterator[tuple[Cell, ...]]:
    for counts in pub.counts:
        before = (number, pub.name, counts.register, _place(counts.index))
        values = _values_at(pub, counts.index, names)
        shots = counts.shots or 1
        for bits, times in _by_frequency(counts.counts):
            error = share_error(times, counts.shots)
            yield (*before, *values, bits, times, counts.shots, times / shots, error)
    if pub.quasi is not None:
        empty = (None,) * len(names)
        for bits, share in sorted(pub.quasi.quasi.items(), key=lambda item: (-item[1], item[0])):
            yield (number, pub.name, "", "", *empty, bits, None, pub.quasi.shots, share, None)


def _by_frequency(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield bit strings and counts, the most frequent first, sorted in parts that let other threads run."""
    items = iter(counts.items())
    parts = []
    while part := list(islice(items, _SORTED)):
        parts.append(sorted(part, key=_rank))
    return heapq.merge(*parts, key=_rank)


def _rank(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _values(number: int, pub: PubResult, names: tuple[str, ...]) -> Iterator[tuple[Cell, ...]]:
    for value in pub.values:
        before = (number, pub.name, value.observable, _place(value.index))
        given = _values_at(pub, value.index, names)
        for step, of, std in steps_of(value):
            yield (*before, *given, step, of, std)


def steps_of(value: ExpectationValue) -> Iterator[tuple[str, float, float | None]]:
    """Yield name, value and standard error of each step of error mitigation, then of the value itself."""
    for step in value.steps:
        yield f"before: {step.method}", step.value, step.std
    yield value.method, value.value, value.std


def _place(index: tuple[int, ...]) -> str:
    return ",".join(map(str, index))
