"""Circuits run together from the review, options kept as a preset, the transpiled program saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.support.app import app_of, notices, running, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL, BELL_ISA
from tests.support.review import submissions, transpiled
from tui.config.settings import load_settings
from tui.domain.jobs import Primitive
from tui.domain.presets import Preset
from tui.domain.primitives import JobProgram
from tui.screens.dialogs.prompt import Prompt
from tui.screens.dialogs.save_file import SaveAs
from tui.screens.dialogs.together import RunTogether
from tui.screens.jobs.screen import JobsScreen
from tui.screens.transpile.submit import SubmitPane


async def test_marked_texts_and_files_run_in_one_job_or_in_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text in another tab and a file of the folder: PUBs of one job, then three jobs of a batch."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ghz.qasm").write_text(BELL + "// from the file\n")
    services = AppServicesHarness()
    async with running(services, size=(120, 40)) as pilot:
        app = app_of(pilot)
        front, app.workspace.qasm = app.workspace.front, BELL
        app.workspace.open("other", BELL + "// another text\n")
        app.workspace.front = front
        screen = await transpiled(pilot)
        screen.query_one("#candidates").focus()
        await pilot.press("alt+m")
        await until(pilot, lambda: isinstance(app.screen, RunTogether) and shows(pilot, "ghz.qasm"))
        await until(pilot, lambda: shows(pilot, "other", "in the editor", "The circuit alone."))
        await pilot.press("space", "down", "space")
        await until(pilot, lambda: shows(pilot, "3 circuits: PUBs of one job."))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen and shows(pilot, "with 2 more, PUBs of one job"))
        app.workspace.buffers[1].text += "// edited since\n"
        await pilot.press("f9")
        await until(pilot, lambda: "The other circuits are being transpiled." in notices(pilot))
        edited = BELL + "// another text\n// edited since\n"
        await until(pilot, lambda: ("search", edited, "ibm_peekskill") in services.asked)
        await until(pilot, lambda: screen.query_one(SubmitPane)._source() is not None)
        await pilot.press("f9")
        await until(pilot, lambda: len(submissions(services)) == 1)
        assert submissions(services)[0].circuits == 3

        await until(pilot, lambda: isinstance(app.screen, JobsScreen))
        await pilot.press("f4", "alt+m")
        await until(pilot, lambda: isinstance(app.screen, RunTogether))
        await pilot.press("b", "enter")
        await until(pilot, lambda: shows(pilot, "each a job of a batch"))
        await pilot.press("f9")
        await until(pilot, lambda: "drain_session" in services.names_asked())
        batch = submissions(services)[1:]
        assert [one.name for one in batch] == ["bell", "other", "ghz"]
        assert {(one.session_id, one.circuits) for one in batch} == {("s-new", 1)}
        assert services.asked.index(("drain_session", "s-new")) > services.asked.index(("submit", batch[-1]))


async def test_batch_costs_the_overhead_of_each_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ghz.qasm").write_text(BELL + "// from the file\n")
    services = AppServicesHarness(program=JobProgram.EXECUTOR)
    async with running(services, size=(120, 40)) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#candidates").focus()
        await pilot.press("alt+m")
        await until(pilot, lambda: shows(pilot, "ghz.qasm"))
        await pilot.press("space", "b", "enter")
        await until(pilot, lambda: shows(pilot, "formula  8.2 s  2 jobs"))
        assert not shows(pilot, "asks the service")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "A dry run is of one job, not of a batch." in notices(pilot))
        screen.query_one("#copies", Input).value = "2"
        await until(pilot, lambda: shows(pilot, "formula  16 s  4 jobs"))
        await pilot.press("f9")
        await until(pilot, lambda: "drain_session" in services.names_asked())
        names = [(one.name, round(one.formula_seconds or 0.0, 1)) for one in submissions(services)]
        assert names == [(name, 4.1) for name in ("bell 1", "bell 2", "ghz 1", "ghz 2")]


async def test_circuit_that_cannot_be_transpiled_with_the_others_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.qasm").write_bytes(b"\xff\xfe\x00")
    async with running() as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#candidates").focus()
        await pilot.press("alt+m")
        await until(pilot, lambda: shows(pilot, "broken"))
        await pilot.press("space", "enter")
        await until(pilot, lambda: shows(pilot, "is a binary file"))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_options_are_kept_as_a_preset_and_the_program_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#shots", Input).value = "333"
        screen.query_one("#tags", Input).value = "mine"
        await pilot.press("alt+p")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        await pilot.press(*"a b", "enter")
        await until(pilot, lambda: shows(pilot, "is no name for a preset"))
        await pilot.press("backspace", "backspace", "enter")
        await until(pilot, lambda: shows(pilot, "Preset"))
        kept = {"a": Preset(primitive=Primitive.SAMPLER, shots=333, tags=("mine",))}
        assert load_settings(services.settings_file).presets == kept
        screen.query_one("#shots", Input).value = "0"
        await pilot.press("alt+p")
        await until(pilot, lambda: shows(pilot, "✘ Shots"))

        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveAs))
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "bell-ibm_peekskill.qasm").is_file())
        assert (tmp_path / "bell-ibm_peekskill.qasm").read_text() == BELL_ISA
