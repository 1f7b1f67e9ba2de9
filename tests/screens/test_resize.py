"""A terminal that changes its size: every screen fits the new one at once."""

from __future__ import annotations

import pytest

from tests.support.app import running, screen_text, settled
from tests.support.app_services import AppServicesHarness
from tests.support.sessions import SESSIONS


@pytest.mark.parametrize("key", ["f2", "f3", "f4", "f5", "f6"])
async def test_rules_span_the_screen_after_a_resize(key: str) -> None:
    services = AppServicesHarness()
    services.the_sessions = SESSIONS
    async with running(services, size=(120, 40)) as pilot:
        await pilot.press(key)
        await settled(pilot)
        for width, height in ((80, 24), (200, 50)):
            await pilot.resize_terminal(width, height)
            await settled(pilot)
            rules = [row for row in screen_text(pilot).split("\n") if "─" * 30 in row]
            assert rules and all(row.strip() == "─" * width for row in rules if "┤" not in row)
