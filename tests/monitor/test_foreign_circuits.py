"""Circuits of jobs that were submitted elsewhere: asked for, decoded, kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.monitor.fakes import Cockpit
from tui.domain.errors import ErrorKind, QdeckError


async def test_a_circuit_in_binary_form_is_decoded_once_and_kept(tmp_path: Path) -> None:
    pit = await Cockpit(tmp_path).enter()
    job = pit.host.add()
    await pit.deck.refresh()
    text = await pit.deck.circuit(job.id)
    assert text == "OPENQASM 3; // from QPY"
    known = pit.deck.job(job.id)
    assert known is not None and known.circuit == text
    pit.host.packed = "another"
    assert await pit.deck.circuit(job.id) == text
    assert pit.host.count("submitted") == 1
    await pit.deck.sign_out()
    assert await pit.deck.circuit(job.id) == text
    await pit.deck.aclose()


async def test_a_job_without_a_circuit_says_so(tmp_path: Path) -> None:
    pit = await Cockpit(tmp_path).enter()
    job = pit.host.add()
    pit.host.packed = ""
    with pytest.raises(QdeckError) as caught:
        await pit.deck.circuit(job.id)
    assert caught.value.kind is ErrorKind.NOT_FOUND
    await pit.deck.aclose()
