"""The review of a circuit with free parameters: refused without values, submitted with the sweep, once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from textual.widgets import Input

from tests.support.app import running, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL, bell_candidate
from tests.support.review import submissions, transpiled
from tui.domain.jobs import Primitive
from tui.domain.presets import read_presets
from tui.domain.pubs.inputs import decode_inputs
from tui.screens.workspace import Workspace
from tui.widgets.forms.parameter_rows import ParameterRows
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.submit_form import SubmitForm


def harness(*, measures: bool = True) -> AppServicesHarness:
    services = AppServicesHarness()
    services.candidate = replace(bell_candidate(measures=measures), parameters=("phi", "theta"))
    return services


async def test_circuit_without_parameters_has_no_rows_for_them() -> None:
    async with running() as pilot:
        screen = await transpiled(pilot)
        assert not screen.query_one(ParameterRows).display


async def test_unbound_circuit_is_refused_at_the_field_and_nothing_is_sent() -> None:
    services = harness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        rows = screen.query_one(ParameterRows)
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "phi has no value yet"))
        assert isinstance(pilot.app.focused, Input) and pilot.app.focused.id == rows.field_of("phi")
        rows.type_values({"phi": "1", "theta": "2p"})
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "theta: “2p”"))
        assert pilot.app.focused.id == rows.field_of("theta")
        rows.type_values({"phi": "1", "theta": "0:1:5000"})
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "20,480,000"))
        assert not submissions(services)


async def test_sweep_is_submitted_with_its_values() -> None:
    services = harness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one(ParameterRows).type_values({"phi": "pi/2", "theta": "0:2pi:20"})
        await until(pilot, lambda: shows(pilot, "20 sets, 81,920"))
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        (submission,) = submissions(services)
        assert submission.parameters == ("phi", "theta")
        (inputs,) = decode_inputs(submission.inputs)
        assert inputs.sweep is not None
        assert (inputs.sweep.shape, inputs.sweep.names) == ((20,), ("phi", "theta"))


async def test_sums_of_pauli_strings_are_laid_out_and_named() -> None:
    services = harness(measures=False)
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#primitive", SearchableSelect).value = Primitive.ESTIMATOR
        await until(pilot, lambda: shows(pilot, "Observables", "Precision"))
        screen.query_one("#observables", Input).value = "0.5*xx + 0.5*zz, zi"
        screen.query_one(ParameterRows).type_values({"phi": "0", "theta": "0, pi"})
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        (submission,) = submissions(services)
        assert submission.observable_labels == ("0.5*XX + 0.5*ZZ", "ZI")
        first, second = submission.observables
        assert first.count("X") == 2 and len(second) == 27
        (inputs,) = decode_inputs(submission.inputs)
        assert inputs.observables == submission.observable_labels
        assert inputs.sweep is not None and inputs.sweep.shape == (2,)


async def test_copies_are_pubs_of_one_job() -> None:
    services = harness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one(ParameterRows).type_values({"phi": "0", "theta": "0, 1"})
        screen.query_one("#copies", Input).value = "x"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "✘ Copies: a whole number"))
        screen.query_one("#copies", Input).value = "3"
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        (submission,) = submissions(services)
        inputs = decode_inputs(submission.inputs)
        assert [one.name for one in inputs] == ["bell 1", "bell 2", "bell 3"]
        assert submission.circuits == 3


def reviewed(workspace: Workspace, text: str) -> bool:
    return workspace.candidate_source == text


async def test_values_belong_to_the_circuit_they_were_typed_for() -> None:
    async with running(harness()) as pilot:
        screen = await transpiled(pilot)
        workspace, rows = screen.workspace, screen.query_one(ParameterRows)
        workspace.path = Path("one.qasm")
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        rows.type_values({"phi": "1", "theta": "2"})
        screen.query_one("#tags", Input).value = "mine"
        screen.query_one("#shots", Input).value = "7"
        first = workspace.qasm
        for path, text in (("two.qasm", BELL + "\n"), ("one.qasm", first)):
            workspace.path, workspace.qasm = Path(path), text
            await pilot.press("f8")
            await until(pilot, partial(reviewed, workspace, text))
            await pilot.pause()
            if path == "two.qasm":
                assert rows.typed() == {}
                assert screen.query_one("#tags", Input).value == ""
                assert screen.query_one("#shots", Input).value == "4096"
        assert rows.typed() == {"phi": "1", "theta": "2"}
        assert screen.query_one("#tags", Input).value == "mine"


async def test_values_stay_when_the_circuit_is_saved_under_another_name() -> None:
    async with running(harness()) as pilot:
        screen = await transpiled(pilot)
        screen.query_one(ParameterRows).type_values({"phi": "1"})
        screen.workspace.path, screen.workspace.name = Path("saved.qasm"), "saved"
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "saved for ibm_pe"))
        assert screen.query_one(ParameterRows).typed() == {"phi": "1"}


async def test_preset_fills_the_fields_it_speaks_of() -> None:
    services = harness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        assert not screen.query_one("#row-preset").display
        tables = {"quick": {"shots": 50, "tags": ["a", "b"], "max_seconds": 60, "private": True}}
        screen.query_one(SubmitForm).offer_presets(read_presets(tables))
        screen.query_one("#preset", SearchableSelect).value = "quick"
        await until(pilot, lambda: screen.query_one("#shots", Input).value == "50")
        screen.query_one(ParameterRows).type_values({"phi": "1", "theta": "2"})
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        (submission,) = submissions(services)
        assert (submission.shots, submission.max_seconds, submission.private) == (50, 60, True)
        assert submission.tags[:2] == ("a", "b")
