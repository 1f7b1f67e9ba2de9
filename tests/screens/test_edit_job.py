"""A job's circuit in the editor again: backend, level, options, shots, session go with it, and it is said."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import bell_candidate
from tests.support.fixed_values import jobs
from tests.support.job_page import BELL, VALUES, open_page
from tui.domain.circuits import Maker, TranspileOptions
from tui.domain.jobs import Job, Primitive
from tui.domain.pubs.inputs import PubInputs
from tui.domain.pubs.sweeps import ParameterValues, Sweep
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.screens.jobs.edit import _form_values
from tui.screens.transpile.screen import TranspileScreen
from tui.widgets.forms.submit_form import SubmitForm
from tui.widgets.forms.transpile_options import TranspileOptionsForm

OPTIONS = (
    ("twirling.enable_gates", "true"),
    ("twirling.enable_measure", "false"),
    ("dynamical_decoupling.enable", "true"),
    ("dynamical_decoupling.sequence_type", '"XY4"'),
)


def _services(**changes: object) -> tuple[AppServicesHarness, Job]:
    services = AppServicesHarness()
    bell = replace(jobs()[BELL], shots=777, options=OPTIONS, tags=("paper", "qdeck-0123456789ab"), **changes)  # type: ignore[arg-type]
    services.change(bell)
    made = replace(bell_candidate().transpilation, options=TranspileOptions(3, 7))
    services.transpiled_here(bell.id, made)
    return services, bell


async def _edited(pilot: Pilot[None]) -> str:
    """Edit the job from its page, and return what was said."""
    await open_page(pilot, BELL)
    await pilot.press("e")
    await until(pilot, lambda: pilot.app.current_mode == "editor")
    await settled(pilot)
    return screen_text(pilot)


async def _form(pilot: Pilot[None]) -> SubmitForm:
    """Go to the review, and return its form."""
    await pilot.press("f9")
    await until(pilot, lambda: isinstance(pilot.app.screen, TranspileScreen))
    screen = pilot.app.screen
    await until(pilot, lambda: "Primitive" in screen_text(pilot) and bool(screen.query(SubmitForm)))
    await settled(pilot)
    return screen.query_one(SubmitForm)


async def test_edited_job_carries_its_choices_into_the_review_and_says_so() -> None:
    services, _ = _services()
    async with running(services, size=(160, 50)) as pilot:
        said = await _edited(pilot)
        assert "ibm_peekskill, level 3 seed 7, 777 shots, gates twirled, decoupling XY4, alone" in said
        form = await _form(pilot)
        choices = pilot.app.screen.query_one(TranspileOptionsForm)
        assert choices.backend == "ibm_peekskill" and not choices.search
        assert choices.options() == TranspileOptions(3, 7)
        assert form.value("shots") == "777" and form.value("tags") == "paper" and form.session_id == ""
        assert form.chosen("twirling") == "gates" and form.chosen("decoupling") == "XY4"
        form.query_one("#shots", Input).value = "5"
        await settled(pilot)
        await pilot.press("f3", "f4")
        await settled(pilot)
        assert form.value("shots") == "5"


async def test_edited_job_of_a_session_runs_in_it_as_long_as_it_takes_jobs() -> None:
    services, bell = _services()
    session = Session("open-now", bell.service, "ibm_peekskill", SessionMode.DEDICATED, SessionState.OPEN)
    services.the_sessions = (session,)
    services.change(replace(bell, session_id=session.id))
    async with running(services, size=(160, 50)) as pilot:
        said = await _edited(pilot)
        assert "in its session" in said
        assert (await _form(pilot)).session_id == session.id


async def test_edited_job_of_a_closed_session_and_a_backend_that_is_gone_says_so() -> None:
    services, _ = _services(session_id="long-gone", backend="ibm_gone")
    async with running(services, size=(160, 50)) as pilot:
        said = await _edited(pilot)
        assert "ibm_gone is not offered now" in said
        assert "Its session takes no more jobs." in said


async def test_edited_job_that_the_search_made_by_another_maker_is_searched_again() -> None:
    services, bell = _services()
    made = replace(bell_candidate().transpilation, options=TranspileOptions(2, 1, maker=Maker.PYTKET))
    services.transpiled_here(bell.id, made)
    async with running(services, size=(160, 50)) as pilot:
        assert "level best (it was made by pytket)" in await _edited(pilot)


async def test_edited_estimator_carries_observables_and_precision() -> None:
    services = AppServicesHarness()
    values = jobs()[VALUES]
    services.change(
        replace(
            values,
            source="OPENQASM 3.0;\nqubit[2] q;",
            observables=("ZZ", "XX"),
            options=(("resilience_level", "2"), ("precision", "0.05")),
        )
    )
    async with running(services, size=(160, 50)) as pilot:
        await open_page(pilot, VALUES)
        await pilot.press("e")
        await until(pilot, lambda: pilot.app.current_mode == "editor")
        assert "precision 0.05, resilience 2" in screen_text(pilot)
        form = await _form(pilot)
        assert form.primitive is Primitive.ESTIMATOR and form.value("observables") == "ZZ, XX"
        assert form.value("precision") == "0.05" and form.chosen("resilience") == "2"


def test_sweeps_are_typed_again_as_lists() -> None:
    job = jobs()[BELL]
    grid = Sweep((2, 3), (ParameterValues("a", (0.0, 1.5), 0), ParameterValues("b", (1.0, 2.0, 3.0), 1)))
    zipped = Sweep((2,), (ParameterValues("a", (0.0, 1.0), 0), ParameterValues("b", (2.0, 3.0), 0)))
    found = _form_values(job, None, PubInputs(sweep=grid))
    assert found.parameters == {"a": "0.0, 1.5", "b": "1.0, 2.0, 3.0"} and "combine" not in found.fields
    assert _form_values(job, None, PubInputs(sweep=zipped)).fields["combine"] is True
    long = Sweep((500,), (ParameterValues("a", tuple(map(float, range(500))), 0),))
    assert not _form_values(job, None, PubInputs(sweep=long)).parameters
