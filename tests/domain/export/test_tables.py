"""Tables of results: every register, place and step with the values of its parameters, and their CSV."""

from __future__ import annotations

import csv
import io
import math

import pytest

from tui.common.errors import QdeckError
from tui.domain.export.forms import TableKind
from tui.domain.export.tables import Table, csv_bytes, joined, result_table
from tui.domain.pubs.sweeps import ParameterValues, Sweep
from tui.domain.results import (
    Counts,
    Estimate,
    ExpectationValue,
    JobResult,
    PubResult,
    QuasiDistribution,
)

SWEEP = Sweep((2,), (ParameterValues("theta", (0.0, 0.5), 0),))
SWEPT = PubResult(
    (Counts("c", 2, 4, {"01": 3, "10": 1}, (0,)), Counts("c", 2, 4, {"11": 4}, (1,))), name="a", sweep=SWEEP
)
VALUES = PubResult(
    values=(ExpectationValue(0.9, 0.1, "ZZ", (0,), steps=(Estimate("none", 0.7, 0.2),), method="TREX"),)
)


def rows(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(csv_bytes(table)).decode())))


def test_counts_have_their_parameters_shares_and_errors() -> None:
    first, second, third = rows(result_table(JobResult((SWEPT,))))
    assert list(first) == [
        *("pub", "circuit", "register", "index", "theta"),
        *("bits", "count", "shots", "share", "error"),
    ]
    assert (first["bits"], first["count"], first["theta"], first["circuit"]) == ("01", "3", "0.0", "a")
    assert float(first["error"]) == pytest.approx(math.sqrt(0.75 * 0.25 / 4))
    assert (second["bits"], third["bits"], third["index"], third["theta"]) == ("10", "11", "1", "0.5")


def test_values_stand_behind_each_step_of_their_mitigation() -> None:
    before, last = rows(result_table(JobResult((VALUES,))))
    assert (before["step"], before["value"], before["std"]) == ("before: none", "0.7", "0.2")
    assert (last["step"], last["value"], last["observable"]) == ("TREX", "0.9", "ZZ")


def test_shots_have_a_row_each_and_a_column_a_register() -> None:
    shots = ({"c": [((0,), ["01", "10"]), ((1,), ["11", "11"])], "d": [((0,), ["1", "0"])]},)
    table = rows(result_table(JobResult((SWEPT,)), TableKind.SHOTS, shots))
    assert [(row["theta"], row["shot"], row["c"], row["d"]) for row in table] == [
        ("0.0", "0", "01", "1"),
        ("0.0", "1", "10", "0"),
        ("0.5", "0", "11", ""),
        ("0.5", "1", "11", ""),
    ]


def test_quasi_probabilities_stand_in_the_column_of_shares() -> None:
    result = JobResult((PubResult(quasi=QuasiDistribution(1, 10, {"0": 1.1, "1": -0.1})),))
    assert [(row["bits"], row["share"], row["count"]) for row in rows(result_table(result))] == [
        ("0", "1.1", ""),
        ("1", "-0.1", ""),
    ]


def test_tables_of_several_jobs_are_one_with_every_column() -> None:
    counted, valued = result_table(JobResult((SWEPT,))), result_table(JobResult((VALUES,)))
    table = rows(joined([("job-1", counted), ("job-2", valued)]))
    assert [row["job"] for row in table] == ["job-1"] * 3 + ["job-2"] * 2
    assert table[0]["observable"] == "" and table[-1]["bits"] == ""


def test_table_that_the_result_has_not_is_refused() -> None:
    with pytest.raises(QdeckError, match="no values"):
        result_table(JobResult((SWEPT,)), TableKind.VALUES)
    with pytest.raises(QdeckError, match="no counts"):
        result_table(JobResult((VALUES,)), TableKind.COUNTS)


def test_hostile_names_stay_in_their_cells() -> None:
    pub = PubResult((Counts('a,"b\n', 1, 1, {"0": 1}),), name="\ud800,")
    (row,) = rows(result_table(JobResult((pub,))))
    assert (row["register"], row["circuit"], row["bits"]) == ('a,"b\n', "\\ud800,", "0")


def test_many_bit_strings_are_in_one_order() -> None:
    counts = {format(number, "015b"): number % 7 + 1 for number in range(20_000)}
    pub = PubResult((Counts("c", 15, sum(counts.values()), counts),))
    table = [(row["bits"], int(row["count"])) for row in rows(result_table(JobResult((pub,))))]
    assert table == sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def test_long_table_is_written_in_pieces() -> None:
    table = Table(("n",), ((number,) for number in range(5_000)))
    pieces = list(csv_bytes(table))
    assert len(pieces) == 3 and b"".join(pieces).count(b"\n") == 5_001
