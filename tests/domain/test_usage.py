from __future__ import annotations

import pytest

from tests.compiler.devices import device
from tui.domain.circuits import qpu_seconds
from tui.domain.devices.backends import rep_delay_us


def test_qpu_seconds_are_the_documented_sum() -> None:
    assert qpu_seconds(50.0, 4_000, rep_delay_us=250.0) == pytest.approx(2 + 4_000 * 300e-6)
    assert qpu_seconds(50.0, 4_000, circuits=3, rep_delay_us=250.0) == pytest.approx(2 + 12_000 * 300e-6)


def test_rep_delay_is_the_devices_or_the_default() -> None:
    assert rep_delay_us(device("fez").configuration) == 250.0
    assert rep_delay_us(device("peekskill").configuration) == pytest.approx(200.0)
    assert rep_delay_us(b"{}") == rep_delay_us(b"<html>") == 250.0
