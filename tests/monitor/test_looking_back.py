"""More jobs than watching needs: taken in page by page when they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.monitor.fakes import Cockpit, network
from tui.domain.errors import QdeckError
from tui.domain.jobs import JobStatus


async def test_as_many_as_asked_for_are_taken_in(tmp_path: Path) -> None:
    pit = Cockpit(tmp_path)
    for age in range(450):
        pit.host.add(JobStatus.DONE, age=7200 + age)
    await pit.enter()
    assert len(pit.deck.jobs()) == 50
    pit.host.calls.clear()
    await pit.deck.look_back(430)
    assert pit.host.calls == ["jobs"] * 3
    assert len(pit.deck.jobs()) == 430
    await pit.deck.look_back(1000)
    assert len(pit.deck.jobs()) == 450
    await pit.clock.settle()
    assert pit.host.count("result") == 0
    await pit.deck.aclose()


async def test_a_service_that_does_not_answer_is_told(tmp_path: Path) -> None:
    pit = await Cockpit(tmp_path).enter()
    pit.host.faults["jobs"] = [network()]
    with pytest.raises(QdeckError):
        await pit.deck.look_back(10)
    await pit.deck.aclose()
