"""The search for the best candidate from a shell: table, JSON, the file written, what is flagged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.circuits import BELL, assert_bell
from tests.end_to_end.conftest import Sandbox, Shell
from tui.config.settings import folders
from tui.openqasm.examples import examples

FOURIER = next(example.text for example in examples() if example.name == "qft4")
ON_A_DEAD_QUBIT = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
FRACTIONAL_BEST = (
    'OPENQASM 3.0; include "stdgates.inc"; gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; } '
    "qubit[2] q; bit[2] c; h q; rzz(0.8) q[0], q[1]; h q[1]; c = measure q;"
)
KEYS = {
    *("level", "seed", "two_qubit_gates", "two_qubit_depth", "depth", "esp", "esp_idle", "duration_s"),
    *("stages", "flags", "layout", "remapped", "by"),
}


@pytest.fixture
def lone(sandbox: Sandbox, tmp_path: Path) -> Shell:
    """A user whose searches have one worker: each worker that is started takes a second of a processor."""
    file = folders({"QDECK_HOME": str(tmp_path / "qdeck")}).settings_file
    file.parent.mkdir(parents=True)
    file.write_text("search_workers = 1\n")
    return Shell(sandbox, tmp_path)


def test_transpile_prints_the_candidates_best_first_and_writes_the_best(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "best.qasm"
    words = ("-b", "ibm_cusco", "--seeds", "6", "-o", str(file))
    answer = shell.answer("transpile", "-", *words, stdin=FOURIER)
    assert answer.keys() == {"candidates", "best", "unavailable", "qasm"}
    assert {one["by"] for one in answer["candidates"]} == {"qiskit", "pytket"}
    assert [one["by"] for one in answer["unavailable"]] == ["fractional", "cloud", "ai"]
    assert all(len(one["reason"]) > 20 for one in answer["unavailable"])
    candidates = answer["candidates"]
    assert all(one.keys() == KEYS for one in candidates)
    assert answer["best"] == candidates[0] and not candidates[0]["flags"]
    assert {one["level"] for one in candidates} == {0, 1, 2, 3}
    unflagged = [one["esp"] for one in candidates if not one["flags"]]
    assert unflagged == sorted(unflagged, reverse=True) and 0.5 < unflagged[0] < 1
    assert file.read_text() == answer["qasm"] and "$" in answer["qasm"]
    assert len(answer["best"]["layout"]) == 4 and 0 < answer["best"]["duration_s"] < 1e-3
    again = shell.answer("transpile", "-", *words, stdin=FOURIER)
    assert again == answer, "the same seeds make the same candidates"


def test_transpile_for_all_backends_names_them(lone: Shell) -> None:
    words = ("transpile", "-", "-b", "all", "--level", "1", "--seeds", "1", "--makers", "fractional,ai")
    done = lone.qdeck(*words, stdin=BELL)
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert {line[0] for line in lines} == {"ibm_peekskill", "ibm_cusco", "ibm_fez"}
    assert {line[1] for line in lines} == {"0"} and {line[3] for line in lines} == {"1"}, "queue and level"
    answer = lone.answer(*words, stdin=BELL)
    assert [one["backend"] for one in answer["backends"]] == [line[0] for line in lines]
    assert {one["backend"] for one in answer["candidates"] if one["by"] == "fractional"} == {"ibm_fez"}
    assert answer["best"] == answer["candidates"][0]
    assert answer["best"]["backend"] == lines[0][0]
    assert "No candidate by fractional: None on ibm_cusco" in done.stderr
    assert "No candidate by ai: Not run here" in done.stderr
    assert "ibm_fez: 2 candidates in" in done.stderr


def test_transpile_of_a_folder_reviews_each_circuit_on_each_backend(lone: Shell, tmp_path: Path) -> None:
    folder, out = tmp_path / "circuits", tmp_path / "best"
    folder.mkdir()
    out.mkdir()
    (folder / "bell.qasm").write_text(BELL)
    (folder / "fourier.qasm").write_text(FOURIER)
    words = ("transpile", str(folder), "-b", "all", "--level", "1", "--seeds", "2", "--makers", "none")
    done = lone.qdeck(*words, "-o", str(out))
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["bell"] * 3 + ["fourier"] * 3
    assert {line[1] for line in lines} == {"ibm_peekskill", "ibm_cusco", "ibm_fez"}
    assert "$" in (out / "bell.qasm").read_text() and "$" in (out / "fourier.qasm").read_text()
    (folder / "broken.qasm").write_text("OPENQASM 3.0; nonsense;")
    answer = lone.qdeck(*words, "--json")
    assert answer.returncode == 1
    files = {Path(one["file"]).stem: one for one in json.loads(answer.stdout)["files"]}
    assert files["bell"]["best"]["esp"] > 0.9 and files["broken"]["best"] is None
    assert "Line 1" in files["broken"]["backends"][0]["refusal"]
    empty = lone.qdeck("transpile", str(out / "none"), "-b", "all")
    assert empty.returncode == 2 and "none" in empty.stderr


def test_best_candidate_that_is_flagged_has_status_2_without_yes(lone: Shell) -> None:
    words = ("transpile", "-", "-b", "ibm_cusco", "--seeds", "1")
    done = lone.qdeck(*words, stdin=ON_A_DEAD_QUBIT)
    assert done.returncode == 2 and "qubit 0 is dead" in done.stdout
    assert "qubit 0 is dead" in done.stderr and "--yes" in done.stderr
    assert lone.qdeck(*words, "--yes", stdin=ON_A_DEAD_QUBIT).returncode == 0


def test_run_of_what_is_flagged_is_refused_without_yes(lone: Shell) -> None:
    words = ("run", "-", "-b", "ibm_cusco", "--shots", "100", "--tag", "flagged")
    done = lone.qdeck(*words, stdin=ON_A_DEAD_QUBIT)
    assert (done.returncode, done.stdout) == (2, "")
    assert "qubit 0 is dead" in done.stderr and "--yes" in done.stderr
    assert lone.answer("jobs", "--tag", "flagged")["jobs"] == []
    assert lone.answer(*words, "--yes", stdin=ON_A_DEAD_QUBIT)["status"] == "done"


def test_transpile_on_the_classic_service_asks_its_transpiler_too(lone: Shell) -> None:
    words = ("transpile", "-", "-b", "ibm_peekskill", "--seeds", "1", "--makers", "cloud")
    answer = lone.answer(*words, channel="classic", stdin=BELL)
    assert {one["by"] for one in answer["candidates"]} == {"qiskit", "cloud"} and answer["unavailable"] == []


def test_run_of_a_circuit_with_fractional_gates_measures_what_the_circuit_does(lone: Shell) -> None:
    """The ISA circuit with the device's `rzz` and `rx` goes through the service and its simulator."""
    text = FRACTIONAL_BEST
    words = ("transpile", "-", "-b", "ibm_fez", "--seeds", "2", "--makers", "fractional")
    answer = lone.answer(*words, stdin=text)
    assert answer["best"]["by"] == "fractional" and "rzz(" in answer["qasm"]
    isa = lone.answer("run", "-", "--best", "-b", "ibm_fez", "--budget", "1", "--shots", "2000", stdin=text)
    assert isa["transpiled"]["by"] == "fractional"
    counts = isa["counts"]
    # The second qubit is 1 with the probability sin²(0.4) = 0.15, whatever the first one is.
    assert 0.11 < (counts["10"] + counts["11"]) / 2000 < 0.21
    assert 0.4 < (counts["01"] + counts["11"]) / 2000 < 0.6
    twirled = ("run", "-", "--best", "-b", "ibm_fez", "--budget", "1", "--twirl", "gates", "--shots", "500")
    assert lone.answer(*twirled, stdin=text)["transpiled"]["by"] == "qiskit"


def test_run_best_takes_the_best_of_all_backends(lone: Shell) -> None:
    answer = lone.answer("run", "-", "--best", "--budget", "0.5", "--shots", "1000", stdin=BELL)
    assert_bell(answer["counts"])
    assert answer["transpiled"]["estimated_success"] > 0.95
    named = lone.answer("run", "-", "--best", "-b", "ibm_peekskill", "--budget", "0.5", stdin=BELL)
    assert named["backend"] == "ibm_peekskill"
    assert named["transpiled"]["estimated_success"] <= answer["transpiled"]["estimated_success"] * 1.001


def test_options_of_the_search_that_do_not_go_together_are_refused(lone: Shell) -> None:
    for words, said in (
        (("transpile", "-", "-b", "ibm_fez", "--seeds", "2", "--budget", "3"), "give one of them"),
        (("transpile", "-"), "--backend"),
        (("transpile", "-", "-b", "ibm_fez", "--makers", "gnomes"), "cloud, fractional, pytket"),
        (("transpile", "-", "-b", "ibm_fez", "--seeds", "0"), "--seeds"),
        (("run", "-", "--best", "--seed", "3"), "--seed"),
        (("run", "-", "--budget", "3"), "add --best"),
    ):
        done = lone.qdeck(*words, stdin=BELL)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert said in done.stderr and "Traceback" not in done.stderr
    missing = lone.qdeck("transpile", "-", "-b", "nowhere", stdin=BELL)
    assert missing.returncode == 1 and "There is no backend 'nowhere'" in missing.stderr
    broken = lone.qdeck("transpile", "-", "-b", "ibm_fez", stdin="OPENQASM 3.0; nonsense")
    assert broken.returncode == 1 and "Line 1" in broken.stderr
