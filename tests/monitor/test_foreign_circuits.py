"""Circuits of jobs that were submitted elsewhere: asked for, decoded, kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.monitor.fakes import Cockpit
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.jobs import SubmittedCircuit


async def test_a_circuit_in_binary_form_is_decoded_once_and_kept(tmp_path: Path) -> None:
    pit = await Cockpit(tmp_path).enter()
    job = pit.host.add()
    await pit.deck.refresh()
    (text,) = await pit.deck.circuits(job.id)
    assert text == "OPENQASM 3; // from QPY"
    known = pit.deck.job(job.id)
    assert known is not None and known.circuit == text
    pit.host.packed = "another"
    assert await pit.deck.circuits(job.id) == (text,)
    assert pit.host.count("submitted") == 1
    await pit.deck.sign_out()
    assert await pit.deck.circuits(job.id) == (text,)
    await pit.deck.aclose()


async def test_a_job_without_a_circuit_says_so(tmp_path: Path) -> None:
    pit = await Cockpit(tmp_path).enter()
    job = pit.host.add()
    pit.host.packed = ""
    with pytest.raises(QdeckError) as caught:
        await pit.deck.circuits(job.id)
    assert caught.value.kind is ErrorKind.NOT_FOUND
    await pit.deck.aclose()


async def test_every_pub_shows_its_circuit(tmp_path: Path) -> None:
    pit = await Cockpit(tmp_path).enter()
    job = pit.host.add()
    pit.host.further = (
        SubmittedCircuit("OPENQASM 3; // written"),
        SubmittedCircuit(qpy="b+c"),
        SubmittedCircuit(qpy="broken"),
        SubmittedCircuit(),
    )
    first, *others = await pit.deck.circuits(job.id)
    assert first == "OPENQASM 3; // from QPY"
    assert others == [
        "OPENQASM 3; // written",
        "OPENQASM 3; // from b",
        "OPENQASM 3; // from c",
        "// The circuit cannot be read.\n",
        "// No circuit that is known here.\n",
    ]
    known = pit.deck.job(job.id)
    assert known is not None and (known.circuit, known.circuits) == (first, 6)
    await pit.deck.circuits(job.id)
    assert pit.host.count("submitted") == 1
    await pit.deck.aclose()
    again = await Cockpit(tmp_path, pit.host).enter()
    assert len(await again.deck.circuits(job.id)) == 6
    await again.deck.aclose()
