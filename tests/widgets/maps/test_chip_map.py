"""The map as a widget: cursor, panning, and only changed lines drawn again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from tests.support.devices import five_qubits
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, QubitCalibration, QubitMetric
from tui.widgets.maps.chip_map import ChipMap


def _heron() -> DeviceCalibration:
    """A square lattice of 16 by 15, as wide as the largest devices."""
    couplers = [Coupler(q, q + 1, "cz", 0.001) for q in range(240) if q % 16 < 15]
    couplers += [Coupler(q, q + 16, "cz", 0.002) for q in range(224)]
    couplers.sort(key=lambda one: one.qubits)
    qubits = tuple(QubitCalibration(0.0001 * place) for place in range(240))
    return DeviceCalibration("ibm_large", None, qubits, tuple(couplers))


class OneMap(App[None]):
    """An app with nothing but the map, and what it posts."""

    def __init__(self, chip_map: ChipMap) -> None:
        super().__init__()
        self.chip_map = chip_map
        self.moved: list[int | None] = []

    def compose(self) -> ComposeResult:
        yield self.chip_map

    def on_chip_map_qubit_moved(self, message: ChipMap.QubitMoved) -> None:
        assert message.control is self.chip_map
        self.moved.append(message.qubit)

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


@pytest.fixture
def refreshed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Lines that the map asked to be drawn again; -1: all."""
    lines: list[int] = []
    textual_refresh = Widget.refresh

    def refresh(self: Widget, *regions: Region, **more: bool) -> Widget:
        if isinstance(self, ChipMap):
            lines.extend([region.y for region in regions] if regions else [-1])
        return textual_refresh(self, *regions, **more)

    monkeypatch.setattr(Widget, "refresh", refresh)
    yield lines


async def test_map_moves_its_cursor_by_keys_and_draws_only_changed_lines(refreshed: list[int]) -> None:
    app = OneMap(ChipMap(five_qubits()))
    async with app.run_test(size=(40, 10)) as pilot:
        app.chip_map.focus()
        await pilot.pause()
        assert "0a══1b──2c─✕3d" in app.text()
        refreshed.clear()
        await pilot.press("right")
        await pilot.press("j")
        await pilot.pause()
        assert app.moved == [1, 4]
        assert set(refreshed) <= {0, 2}
        await pilot.press("end", "home", "left")
        await pilot.pause()
        assert app.moved == [1, 4, 0]
        refreshed.clear()
        await pilot.pause(0.05)
        assert refreshed == []


async def test_map_pans_to_its_cursor_at_80x24() -> None:
    app = OneMap(ChipMap(_heron()))
    async with app.run_test(size=(60, 20)) as pilot:
        app.chip_map.focus()
        await pilot.pause()
        assert "239" not in app.text()
        app.chip_map.move_to(239)
        await pilot.pause()
        assert "239e" in app.text() and app.chip_map.scroll_offset != (0, 0)
        await pilot.click(ChipMap, offset=(1, 0))
        assert app.moved[0] == 239


async def test_map_shows_the_used_qubits_first() -> None:
    app = OneMap(ChipMap())
    async with app.run_test(size=(60, 14)) as pilot:
        await pilot.pause()
        assert app.chip_map.qubit is None
        await pilot.press("tab", "down", "end")
        app.chip_map.show(_heron(), labels={200: "0", 201: "1"}, used_couplers=[(201, 200)])
        await pilot.pause()
        assert "0→200" in app.text() and "1→201" in app.text()
        assert app.chip_map.qubit == 200 and app.moved == [200]
        app.chip_map.show(None)
        await pilot.pause()
        assert app.text().strip() == "" and app.moved[-1] is None


async def test_map_letters_by_another_metric_and_keeps_the_cursor() -> None:
    app = OneMap(ChipMap(five_qubits()))
    async with app.run_test(size=(40, 10)) as pilot:
        app.chip_map.move_to(3)
        app.chip_map.grade_by(QubitMetric.T2)
        await pilot.pause()
        assert "0a══1a──2a─✕3a" in app.text()
        app.chip_map.show(five_qubits())
        assert app.chip_map.qubit == 3 and app.chip_map.metric is QubitMetric.T2
        app.chip_map.move_to(77)
        assert app.chip_map.qubit == 3


async def test_map_moves_its_cursor_to_the_qubit_clicked() -> None:
    app = OneMap(ChipMap(five_qubits()))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.click(ChipMap, offset=(5, 2))
        assert app.moved == [4]
        await pilot.click(ChipMap, offset=(30, 2))
        assert app.moved == [4]
