"""The shapes scripts rely on: JSON keys, columns, and text from outside that stays harmless."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tui.commands.shared.answers import emit_result, run_answer
from tui.commands.shared.output import emit_json, emit_table, explain, say
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel, Identity
from tui.domain.circuits import Candidate, CircuitStats, TranspileOptions
from tui.domain.export.documents import job_facts
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult

IDENTITY = Identity("a", Channel.CLASSIC, "hub/group/project", "main", True, None, hosts=("127.0.0.1:1",))
STATS = CircuitStats(qubits=2, clbits=2, size=5, depth=4, two_qubit_gates=1, two_qubit_depth=1)
CANDIDATE = Candidate(
    "ibm_peekskill", "OPENQASM 3.0;", TranspileOptions(3), STATS, STATS, (4, 7), (4, 7), 27, 0.1, "local"
)
JOB = Job(
    "j1", "sandbox classic", "ibm_peekskill", "sampler", JobStatus.DONE, datetime(2026, 1, 2, tzinfo=UTC)
)


def counts(register: str, **seen: int) -> Counts:
    return Counts(register, 2, sum(seen.values()), {bits.removeprefix("b"): n for bits, n in seen.items()})


def test_result_json_has_counts_for_one_register() -> None:
    result = JobResult((PubResult(counts=(counts("c", b00=60, b11=40),)),))
    answer = run_answer(IDENTITY, JOB, CANDIDATE, result)
    assert answer["counts"] == {"00": 60, "11": 40}
    assert answer["registers"] == {"c": {"00": 60, "11": 40}}
    assert (answer["service"], answer["sandbox"]) == ("sandbox classic", True)
    transpiled = answer["transpiled"]
    assert isinstance(transpiled, dict)
    assert {name: transpiled[name] for name in ("two_qubit_gates", "depth", "size")} == {
        "two_qubit_gates": 1,
        "depth": 4,
        "size": 5,
    }
    assert answer["qasm"] == "OPENQASM 3.0;"


def test_result_json_has_registers_alone_for_several() -> None:
    result = JobResult((PubResult(counts=(counts("a", b00=1), counts("b", b01=1))),))
    answer = run_answer(IDENTITY, JOB, CANDIDATE, result)
    assert answer["registers"] == {"a": {"00": 1}, "b": {"01": 1}}
    assert "counts" not in answer


def test_result_json_has_values_for_an_estimator() -> None:
    result = JobResult((PubResult(values=(ExpectationValue(0.93, 0.01, "ZZ"),)),))
    answer = run_answer(IDENTITY, JOB, CANDIDATE, result)
    assert answer["values"] == [{"observable": "ZZ", "value": 0.93, "std": 0.01}]


def test_result_text_lists_counts_most_frequent_first(capsys: pytest.CaptureFixture[str]) -> None:
    emit_result(JobResult((PubResult(counts=(counts("c", b11=40, b00=60),)),)))
    assert capsys.readouterr().out == "00\t60\n11\t40\n"


def test_output_makes_foreign_text_plain(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[31m\u202e\ttag\n"
    emit_table(("TAG", "MORE"), [(hostile, "x")])
    emit_json({"jobs": [job_facts(replace(JOB, tags=(hostile,)))]})
    out = capsys.readouterr().out
    table, _, answer = out.partition("\n")
    assert table.count("\t") == 1
    assert not {"\x1b", "\u202e"} & set(out)
    assert json.loads(answer)["jobs"][0]["tags"] == [hostile]


FORGED = "dc1f\r\nJob dc1f: done."


def test_line_break_in_an_id_cannot_forge_a_line_of_talk(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"Cancelled job {FORGED}.")
    explain(QdeckError(ErrorKind.NOT_FOUND, f"There is no job {FORGED}.", "Look at the list."))
    emit_table(("JOB",), [(FORGED,)])
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "Cancelled job dc1f␍␊Job dc1f: done..",
        "qdeck: There is no job dc1f␍␊Job dc1f: done.. Look at the list.",
    ]
    assert said.out == "dc1f␍␊Job dc1f: done.\n"
