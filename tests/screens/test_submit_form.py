"""The form of the review: what it submits, refuses and asks, and that a submission happens once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from textual.widgets import Input

from tests.support.app import app_of, notices, running, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL, bell_candidate
from tests.support.devices import CALIBRATED, recorded_data
from tests.support.review import agreed_on_second_thought, open_review, submissions, transpiled
from tests.support.sessions import BATCH, SESSIONS
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Usage
from tui.domain.circuits import Prediction, TranspileOptions
from tui.domain.jobs import Primitive
from tui.domain.sessions import SessionMode, SessionState
from tui.domain.submissions import OWN_TAG
from tui.monitor.state.events import SessionsChanged, UsageChanged
from tui.screens.dialogs.confirm import Confirm
from tui.screens.jobs.screen import JobsScreen
from tui.screens.transpile.recheck import RedoQuestion
from tui.screens.transpile.screen import TranspileScreen
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.transpile_options import TranspileOptionsForm


async def test_submit_form_passes_limit_and_privacy() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#max-seconds", Input).value = "0"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "✘ QPU limit"))
        screen.query_one("#max-seconds", Input).value = "1"
        await until(pilot, lambda: shows(pilot, "More than the QPU limit"))
        screen.query_one("#private", SearchableSelect).value = True
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        (submission,) = submissions(services)
        assert (submission.max_seconds, submission.private) == (1, True)


async def test_submit_form_submits_once_however_often_f9_is_pressed() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#shots", Input).value = "2000"
        screen.query_one("#tags", Input).value = "demo, [red]"
        services.gate = asyncio.Event()
        await pilot.press("f9", "f9")
        assert shows(pilot, "Submitting to ibm_peekskill")
        services.gate.set()
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, JobsScreen))
        (submission,) = submissions(services)
        assert submission.primitive is Primitive.SAMPLER
        *tags, own = submission.tags
        assert (submission.shots, tags, submission.name) == (2000, ["demo", "[red]"], "bell")
        assert OWN_TAG.fullmatch(own)
        assert submission.source == BELL
        assert submission.qasm == bell_candidate().qasm
        assert submission.session_id == ""
        await until(pilot, lambda: shows(pilot, "Submitted d3knew"))


async def test_submit_form_reports_wrong_shots() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#shots", Input).value = "0"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "Shots: a whole number"))
        assert getattr(app_of(pilot).focused, "id", "") == "shots"
        assert not submissions(services)


async def test_submit_form_refuses_a_sampler_without_measurement() -> None:
    services = AppServicesHarness()
    services.candidate = bell_candidate(measures=False)
    async with running(services) as pilot:
        await transpiled(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "needs a measurement", "estimator"))
        assert not submissions(services)


async def test_submit_form_lays_out_observables_for_the_device() -> None:
    services = AppServicesHarness()
    services.candidate = bell_candidate(measures=False)
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#primitive", SearchableSelect).value = Primitive.ESTIMATOR
        await until(pilot, lambda: shows(pilot, "Observables", "Precision"))
        screen.query_one("#observables", Input).value = "zzz"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "'ZZZ' has 3 letters"))
        screen.query_one("#observables", Input).value = "zz, xi"
        screen.query_one("#precision", Input).value = "0.05"
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        (submission,) = submissions(services)
        assert submission.observable_labels == ("ZZ", "XI")
        assert [len(observable) for observable in submission.observables] == [27, 27]
        assert (submission.shots, submission.precision) == (None, 0.05)


async def test_submit_form_offers_sessions_of_the_backend() -> None:
    services = AppServicesHarness()
    services.the_sessions = SESSIONS
    async with running(services) as pilot:
        app_of(pilot).workspace.session_id = BATCH.id
        screen = await transpiled(pilot)
        assert screen.query_one("#session", SearchableSelect).value == BATCH.id
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(services)))
        assert submissions(services)[0].session_id == BATCH.id


async def test_submit_form_leaves_out_sessions_of_other_backends() -> None:
    services = AppServicesHarness()
    services.the_sessions = SESSIONS
    async with running(services) as pilot:
        app_of(pilot).workspace.session_id = BATCH.id
        screen = await open_review(pilot, BELL, "ibm_cusco")
        assert screen.query_one("#session", SearchableSelect).value == ""
        assert app_of(pilot).workspace.session_id == ""


async def test_submit_form_keeps_its_values_after_a_refusal() -> None:
    services = AppServicesHarness()
    services.trouble["submit"] = QdeckError(
        ErrorKind.CONFLICT, "The session is closed.", "Choose another.", code="1217"
    )
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#tags", Input).value = "demo"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "The session is closed"))
        assert screen.query_one("#tags", Input).value == "demo"
        del services.trouble["submit"]
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, JobsScreen))


async def test_submit_form_shows_the_estimate_beside_the_remaining_time() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        assert shows(pilot, "formula  3.0 s", "left     9m 12s of 10m QPU left")
        screen.query_one("#shots", Input).value = "100000"
        await until(pilot, lambda: shows(pilot, "formula  27 s"))
        services.connection.usage = Usage(consumed_seconds=595, limit_seconds=600)
        services.events.publish(UsageChanged(services.connection.usage))
        await until(pilot, lambda: shows(pilot, "More than the instance"))


async def test_submit_form_says_when_gate_lengths_are_unknown() -> None:
    services = AppServicesHarness()
    services.candidate = replace(services.candidate, duration_us=None, estimated_success=None)
    async with running(services) as pilot:
        await transpiled(pilot)
        assert shows(pilot, "tells no gate lengths")


async def test_submit_form_confirms_costs_with_cancel_focused() -> None:
    services = AppServicesHarness()
    services.connection.usage = Usage(consumed_seconds=48, limit_seconds=600, plan="premium")
    async with running(services) as pilot:
        await transpiled(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        assert shows(pilot, "Run on ibm_peekskill?", "premium", "about 3.0 s of QPU time")
        await agreed_on_second_thought(pilot, services)


async def test_submit_form_asks_when_the_session_closed_meanwhile() -> None:
    services = AppServicesHarness()
    services.the_sessions = SESSIONS
    async with running(services) as pilot:
        app_of(pilot).workspace.session_id = BATCH.id
        await transpiled(pilot)
        assert app_of(pilot).workspace.session_id == BATCH.id
        closed = replace(BATCH, state=SessionState.CLOSED)
        services.the_sessions = (closed,)
        services.events.publish(SessionsChanged((closed,)))
        await until(pilot, lambda: "was in use for the next jobs" in notices(pilot))
        assert app_of(pilot).workspace.session_id == ""
        for _ in range(2):
            await pilot.press("f9")
            await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
            assert shows(pilot, "is closed. The job would run alone")
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, TranspileScreen))
        assert not submissions(services)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: bool(submissions(services)))
        assert submissions(services)[0].session_id == ""
        assert notices(pilot).count("was in use for the next jobs") == 1
        await pilot.press("f4", "f9")
        await until(pilot, lambda: len(submissions(services)) == 2)


async def test_submit_form_keeps_the_session_through_the_question() -> None:
    services = AppServicesHarness()
    dedicated = replace(BATCH, mode=SessionMode.DEDICATED)
    services.the_sessions = (dedicated,)
    async with running(services) as pilot:
        app_of(pilot).workspace.session_id = dedicated.id
        await transpiled(pilot)
        for _ in range(2):
            await pilot.press("f9")
            await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, TranspileScreen))
            await settled(pilot)
            assert app_of(pilot).workspace.session_id == dedicated.id
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: bool(submissions(services)))
        assert submissions(services)[0].session_id == dedicated.id


async def test_circuit_on_what_is_broken_is_run_only_after_a_confirmation() -> None:
    services = AppServicesHarness()
    services.candidate = replace(bell_candidate(), flags=("coupler 8-11 is dead",))
    async with running(services) as pilot:
        await transpiled(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        assert shows(pilot, "coupler 8-11 is dead")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, TranspileScreen))
        assert not submissions(services), "Cancel has the focus"
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("right", "enter")
        await until(pilot, lambda: bool(submissions(services)))


async def test_submit_after_a_calibration_asks_whether_to_redo_with_better_qubits() -> None:
    """Take what was made anew, run as reviewed, or nothing; without better qubits nothing is asked."""
    services = AppServicesHarness()
    services.device_data = {"ibm_peekskill": recorded_data("ibm_peekskill", CALIBRATED)}
    later, made = CALIBRATED, services.candidate
    async with running(services) as pilot:

        async def recalibrate(success: float, anew: float) -> None:
            """Another day: of this circuit that success, of one made anew the other."""
            nonlocal later
            later += timedelta(days=1)
            services.device_data = {"ibm_peekskill": recorded_data("ibm_peekskill", later)}
            services.candidate = replace(made, estimated_success=success)
            services.found_by_search = replace(
                made, estimated_success=anew, used=(3, 5), qasm=f"// {anew}\n{BELL}"
            )
            await services.clock.advance(11 * 60)
            await pilot.press("f9")

        screen = await open_review(pilot)
        screen.query_one(TranspileOptionsForm).show("ibm_peekskill", TranspileOptions(), search=True)
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        await pilot.press("f9")
        await until(pilot, lambda: len(submissions(services)) == 1)
        assert submissions(services)[0].predicted == Prediction(0.972, 0.968, CALIBRATED)

        await pilot.press("f4")
        await recalibrate(0.85, anew=0.95)
        await until(pilot, lambda: isinstance(pilot.app.screen, RedoQuestion))
        assert shows(pilot, "Better qubits today: redo?", "85.0 %", "97.2 %", "95.0 %", "3, 5")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert len(submissions(services)) == 1 and shows(pilot, "97.2 %"), "nothing was done"

        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, RedoQuestion))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: pilot.app.screen is screen and shows(pilot, "95.0 %"))
        assert len(submissions(services)) == 1 and not shows(pilot, "97.2 %"), "the older ones are gone"
        await pilot.press("f9")
        await until(pilot, lambda: len(submissions(services)) == 2)
        assert submissions(services)[1].predicted == Prediction(0.95, 0.968, later)

        await pilot.press("f4")
        await recalibrate(0.8, anew=0.9)
        await until(pilot, lambda: isinstance(pilot.app.screen, RedoQuestion))
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: len(submissions(services)) == 3)
        reviewed = submissions(services)[2]
        assert reviewed.qasm == submissions(services)[1].qasm
        assert reviewed.predicted == Prediction(0.8, 0.968, later)

        await pilot.press("f4")
        await recalibrate(0.79, anew=0.795)
        await until(pilot, lambda: len(submissions(services)) == 4)
        assert submissions(services)[3].predicted == Prediction(0.79, 0.968, later)
