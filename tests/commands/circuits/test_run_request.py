"""Values from the command line for one circuit or several, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.commands.circuits.run_request import MOST_BYTES, ParameterFlags, RunRequest
from tui.commands.shared.output import UsageFault


def test_each_circuit_takes_the_values_of_its_own_parameters(tmp_path: Path) -> None:
    rows = tmp_path / "rows.json"
    rows.write_text('[{"theta": 0, "phi": 1}, {"theta": "pi", "phi": 2}]')
    values = ParameterFlags(("z=0:1:3",), str(rows)).read()
    first, second, third = values.sweeps([("a", ("phi", "theta")), ("b", ("z",)), ("c", ())])
    assert first is not None and (first.shape, first.names) == ((2,), ("theta", "phi"))
    assert second is not None and second.shape == (3,)
    assert third is None


@pytest.mark.parametrize(
    ("params", "circuits", "said"),
    [
        (("phi=1",), [("a", ("theta", "phi"))], "theta has no value yet"),
        (("theta=1", "psi=1"), [("a", ("theta",))], "no parameter psi: its parameters are theta"),
        (("theta=1",), [("a", ())], "it has none"),
        (("theta=1",), [("a", ("theta",)), ("b", ("phi",))], "b: phi has no value yet"),
        (("theta=1", "psi=1"), [("a", ("theta",)), ("b", ())], "a: The circuit has no parameter psi"),
    ],
)
def test_values_that_do_not_fit_are_refused(
    params: tuple[str, ...], circuits: list[tuple[str, tuple[str, ...]]], said: str
) -> None:
    with pytest.raises(UsageFault, match=said):
        ParameterFlags(params).read().sweeps(circuits)


def test_parameters_with_other_numbers_of_values_do_not_change_together() -> None:
    values = ParameterFlags(("theta=0,1,2", "phi=0,1"), zipped=True).read()
    with pytest.raises(UsageFault, match="theta has 3 values, phi has 2"):
        values.sweeps([("a", ("phi", "theta"))])


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_bytes(b"theta\n\xff")
    with pytest.raises(UsageFault, match="not text in UTF-8"):
        ParameterFlags((), str(rows)).read()
    rows.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(UsageFault, match="Cannot read"):
        ParameterFlags((), str(rows)).read()


def test_more_circuits_than_a_job_takes_are_refused() -> None:
    RunRequest(("a.qasm",), copies=1000).verify()
    with pytest.raises(UsageFault, match="2,000 circuits are too many: at most 1,000"):
        RunRequest(("a.qasm", "b.qasm"), copies=1000).verify()
