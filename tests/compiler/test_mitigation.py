"""An estimator's values where the packages that make them are missing, and of results that lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ibm.mock_network import body
from tests.ibm.results.test_hostile_programs import HOSTILE
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.compiler.qiskit.mitigation import estimator_values
from tui.ibm.results.decoder import decode_result
from tui.ibm.results.executor import is_packed_too_far

RECORDED = body("gen2_executor_estimator_v2_0")
LIES = sorted(name for name in HOSTILE if "estimator" in name)


async def test_values_without_qiskit_mitigation_name_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "qiskit_mitigation.py").write_text("raise ModuleNotFoundError('No qiskit_mitigation')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    compiler = Compiler()
    try:
        with pytest.raises(QdeckError) as caught:
            await compiler.estimator_values(RECORDED)
    finally:
        await compiler.aclose()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert "qiskit-mitigation" in caught.value.message and "extra `local`" in caught.value.advice
    # What is read without it: counts by basis, and a sentence.
    result = decode_result(RECORDED)
    assert result.pubs[0].counts and not result.pubs[0].values
    assert "extra `local`" in result.note


@pytest.mark.parametrize("name", LIES)
def test_values_of_a_result_that_lies_end_in_a_sentence(name: str) -> None:
    content = HOSTILE[name]()
    if is_packed_too_far(content):
        # It is not given to IBM's decoder, which makes a byte of each bit.
        return
    with pytest.raises(QdeckError) as caught:
        estimator_values(content)
    assert caught.value.kind is ErrorKind.PROTOCOL and len(str(caught.value)) < 1000


def changed(**members: Any) -> bytes:
    """Return the recorded result with other members."""
    return json.dumps(json.loads(RECORDED) | members).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        changed(data=[]),
        changed(data=None),
        changed(passthrough_data=None),
        changed(passthrough_data={"post_processor": {"version": "v9"}}),
        changed(passthrough_data=[[[[]]]]),
        changed(schema_version="v99.0"),
        changed(schema_version=None),
    ],
)
def test_values_of_what_is_no_estimator_result_end_in_a_sentence(content: bytes) -> None:
    with pytest.raises(QdeckError) as caught:
        estimator_values(content)
    assert caught.value.kind is ErrorKind.PROTOCOL and len(str(caught.value)) < 1000
