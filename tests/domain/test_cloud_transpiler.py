"""What may be asked of the cloud transpiler, as it is typed, and how a refusal reads."""

from __future__ import annotations

from typing import Any

import pytest

from tui.domain.circuits import TranspileOptions
from tui.domain.cloud_transpiler import (
    NOTHING_ASKED,
    Ai,
    CloudOptions,
    LayoutMode,
    Preference,
    couplings_text,
    parse_couplings,
    parse_preferences,
    parse_qiskit_option,
    parse_qiskit_options,
    qiskit_arguments,
    qiskit_options_text,
)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"ai": Ai.OFF, "preferences": (Preference.NOISE,)}, "AI passes off"),
        ({"ai": Ai.OFF, "layout_mode": LayoutMode.KEEP}, "AI passes off"),
        ({"preferences": (Preference.NOISE, Preference.NOISE)}, "each one once"),
        ({"coupling_map": ((1, 1),)}, "two different qubits"),
        ({"coupling_map": ((0, -1),)}, "numbered from 0"),
        ({"qiskit_options": (("optimization_level", "3"),)}, "choose the level"),
        ({"qiskit_options": (("a b", "3"),)}, "no name"),
        ({"qiskit_options": (("seed_transpiler", "NaN"),)}, "not JSON"),
    ],
)
def test_cloud_options_refuse_contradictions(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CloudOptions(**asked)


def test_transpile_options_refuse_cloud_options_for_a_local_run() -> None:
    asked = CloudOptions(qiskit_options=(("seed_transpiler", "1"),))
    with pytest.raises(ValueError, match="mean nothing for transpiling here"):
        TranspileOptions(asked=asked)
    with pytest.raises(ValueError, match="given twice"):
        TranspileOptions(seed=1, cloud=True, asked=asked)
    assert TranspileOptions(cloud=True).asked == NOTHING_ASKED == CloudOptions(ai=Ai.AUTO)


def test_cloud_options_round_trip_through_text() -> None:
    assert parse_preferences(" N_cnots, noise ,") == (Preference.N_CNOTS, Preference.NOISE)
    assert parse_couplings("[[0, 1], [1,2]]") == ((0, 1), (1, 2))
    assert parse_couplings(couplings_text(((3, 4),))) == ((3, 4),)
    options = parse_qiskit_options('{"layout_method": "sabre", "initial_layout": [1, 0]}')
    assert qiskit_arguments(options) == {"layout_method": "sabre", "initial_layout": [1, 0]}
    assert parse_qiskit_options(qiskit_options_text(options)) == options
    assert not (parse_couplings(" ") or parse_qiskit_options("") or parse_preferences(""))
    assert parse_qiskit_option("seed_transpiler = 7") == ("seed_transpiler", "7")
    assert parse_qiskit_option("layout_method=sabre") == ("layout_method", '"sabre"')
    assert parse_qiskit_option("qubits_initially_zero=false") == ("qubits_initially_zero", "false")


@pytest.mark.parametrize(
    "typed", ["[]", "{}", "[[0]]", "[[0, 1.5]]", "[[true, 0]]", "[0, 1]", "nonsense", "[" * 9999]
)
def test_parse_couplings_reports_malformed_text(typed: str) -> None:
    with pytest.raises(ValueError, match="Coupling map"):
        parse_couplings(typed)


@pytest.mark.parametrize("typed", ["[1]", "seed=1", '{"a": NaN}'])
def test_parse_qiskit_options_reports_malformed_text(typed: str) -> None:
    with pytest.raises(ValueError, match="Qiskit options"):
        parse_qiskit_options(typed)


def test_parse_preferences_lists_the_known_words() -> None:
    with pytest.raises(ValueError, match=r"n_cnots, n_gates.*not 'speed'"):
        parse_preferences("noise,speed")
    with pytest.raises(ValueError, match="KEY=JSON"):
        parse_qiskit_option("seed_transpiler")


def test_cloud_options_summary_is_short() -> None:
    assert NOTHING_ASKED.words == "AI auto"
    asked = CloudOptions(Ai.ON, LayoutMode.KEEP, (Preference.NOISE,), True, ((0, 1),), (("dt", "1"),))
    assert asked.words == "AI on, keep, noise, fractional gates, +2 more"
