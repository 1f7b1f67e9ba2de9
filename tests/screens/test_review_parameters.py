"""The review of a circuit with free parameters: refused without values, submitted with the sweep, once."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Input

from tests.screens.test_review import shows, submissions, transpiled
from tests.support.app import running, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import bell_candidate
from tui.domain.jobs import Primitive
from tui.domain.pubs.inputs import decode_inputs
from tui.widgets.forms.parameter_rows import ParameterRows
from tui.widgets.forms.select import SearchableSelect


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
