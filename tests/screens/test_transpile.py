"""The transpile review: choices, candidates, what is stale, and a submission that happens once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual.pilot import Pilot
from textual.widgets import Input, TabbedContent

from tests.support.app import notices, running, screen_text, settled, until
from tests.support.circuits import BELL, bell_candidate
from tests.support.fixed_deck import FixedDeck
from tests.support.fixed_values import identity
from tests.support.sessions import BATCH, SESSIONS
from tui.app import QDeckApp
from tui.domain.accounts import Channel, Usage
from tui.domain.backends import Backend
from tui.domain.circuits import TranspileOptions
from tui.domain.cloud import Ai, CloudOptions, LayoutMode, Preference
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.sessions import SessionMode, SessionState
from tui.domain.submissions import Primitive, Submission
from tui.monitor.events import BackendsChanged, SessionsChanged, UsageChanged
from tui.screens.bench import Errand
from tui.screens.dialogs.cloud_refinements import CloudRefinements
from tui.screens.dialogs.confirm import Confirm
from tui.screens.jobs import JobsScreen
from tui.screens.transpile import TranspileScreen
from tui.widgets.candidate_table import CandidateTable
from tui.widgets.choice import Choice


def app_of(pilot: Pilot[None]) -> QDeckApp:
    assert isinstance(pilot.app, QDeckApp)
    return pilot.app


def shows(pilot: Pilot[None], *words: str) -> bool:
    text = screen_text(pilot)
    return all(word in text for word in words)


async def open_review(
    pilot: Pilot[None], text: str = BELL, backend: str = "ibm_peekskill"
) -> TranspileScreen:
    """The transpile screen with this circuit on the bench."""
    app = app_of(pilot)
    app.bench.qasm = app.bench.saved = text
    app.bench.name, app.bench.backend, app.bench.backend_picked = "bell", backend, bool(backend)
    await pilot.press("f4")
    await until(pilot, lambda: isinstance(app.screen, TranspileScreen))
    await settled(pilot)
    assert isinstance(app.screen, TranspileScreen)
    return app.screen


async def transpiled(pilot: Pilot[None]) -> TranspileScreen:
    """The transpile screen with a fresh candidate."""
    screen = await open_review(pilot)
    await pilot.press("f8")
    await until(pilot, lambda: shows(pilot, "F9 runs it"))
    return screen


def submissions(deck: FixedDeck) -> list[Submission]:
    return [asked[1] for asked in deck.asked if asked[0] == "submit" and isinstance(asked[1], Submission)]


async def test_without_a_circuit_or_a_sign_in_it_says_what_to_do() -> None:
    async with running() as pilot:
        await open_review(pilot, "")
        assert shows(pilot, "There is no circuit yet", "F3")
    async with running(FixedDeck(signed_in=False)) as pilot:
        await pilot.press("escape")
        await open_review(pilot, BELL, "")
        assert shows(pilot, "Not signed in", "F7")


async def test_the_result_is_shown_before_and_after() -> None:
    async with running() as pilot:
        await transpiled(pilot)
        assert shows(
            pilot, "two-qubit gates", "estimated success", "97.2 %", "1.6 µs", "measure\N{NO-BREAK SPACE}2"
        )
        assert shows(pilot, "14 13"), "the layout"


async def test_choices_go_to_the_compiler() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        screen = await open_review(pilot)
        screen.query_one("#backend", Choice).value = "ibm_cusco"
        screen.query_one("#level", Choice).value = 3
        screen.query_one("#seed", Input).value = "42"
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        assert ("transpile", BELL, "ibm_cusco", TranspileOptions(3, 42, False)) in deck.asked


async def test_a_seed_that_is_too_large_is_told() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        screen = await open_review(pilot)
        screen.query_one("#seed", Input).value = "9999999999"
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "Seed: a whole number"))
        assert "transpile" not in deck.names_asked()


async def test_the_cloud_is_offered_only_where_there_is_one() -> None:
    async with running() as pilot:
        screen = await open_review(pilot)
        assert not screen.query_one("#where", Choice).display
    deck = FixedDeck()
    deck.the_identity = identity(channel=Channel.CLASSIC)
    async with running(deck) as pilot:
        screen = await open_review(pilot)
        assert screen.query_one("#where", Choice).display
        screen.query_one("#where", Choice).value = "cloud"
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        assert ("transpile", BELL, "ibm_peekskill", TranspileOptions(cloud=True)) in deck.asked


def classic_deck() -> FixedDeck:
    deck = FixedDeck()
    deck.the_identity = identity(channel=Channel.CLASSIC)
    return deck


async def test_what_the_cloud_is_asked_is_chosen_where_the_cloud_is() -> None:
    deck = classic_deck()
    async with running(deck) as pilot:
        screen = await open_review(pilot)
        assert not shows(pilot, "Layout")
        assert not shows(pilot, "^o Options")
        screen.query_one("#where", Choice).value = "cloud"
        await until(pilot, lambda: shows(pilot, "AI auto", "Layout optimize", "Goal any", "^o Options"))
        screen.query_one("#ai", Choice).value = Ai.ON
        screen.query_one("#ai-layout", Choice).value = LayoutMode.IMPROVE
        screen.query_one("#goal", Choice).value = (Preference.NOISE,)
        screen.query_one("#gates", Choice).value = True
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "AI on,", "F9 runs it"))
        asked = CloudOptions(Ai.ON, LayoutMode.IMPROVE, (Preference.NOISE,), True)
        assert ("transpile", BELL, "ibm_peekskill", TranspileOptions(cloud=True, asked=asked)) in deck.asked
        screen.query_one("#ai", Choice).value = Ai.OFF
        await until(pilot, lambda: not shows(pilot, "Goal") and shows(pilot, "Other choices than these"))
        await pilot.press("f8")
        table = screen.query_one(CandidateTable)
        await until(pilot, lambda: len(table.candidates) == 2)
        off = CloudOptions(Ai.OFF, fractional_gates=True)
        assert [one.options.asked for one in table.candidates] == [asked, off], "each way is a candidate"
        table.focus()
        await pilot.press("up", "enter")
        await until(pilot, lambda: shows(pilot, "AI on ", "Layout improve", "Goal noise", "F9 runs it"))
        screen.query_one("#where", Choice).value = "local"
        await until(pilot, lambda: not shows(pilot, "Layout improve"))
        assert app_of(pilot).bench.options == TranspileOptions()


async def test_what_is_rarely_asked_is_behind_a_key_and_told_in_the_line() -> None:
    deck = classic_deck()
    async with running(deck) as pilot:
        screen = await open_review(pilot)
        screen.query_one("#where", Choice).value = "cloud"
        await until(pilot, lambda: shows(pilot, "^o Options"))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, CloudRefinements))
        await settled(pilot)
        dialog = app_of(pilot).screen
        dialog.query_one("#preferences", Input).value = "noise, speed"
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "not 'speed'"))
        dialog.query_one("#preferences", Input).value = "noise, layers"
        dialog.query_one("#couplings", Input).value = "nowhere.json"
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "nowhere.json cannot be read"))
        dialog.query_one("#couplings", Input).value = "[[0, 1], [1, 0]]"
        dialog.query_one("#options", Input).value = '{"layout_method": "sabre"}'
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "Goal noise", "+2 more"))
        asked = app_of(pilot).bench.options.asked
        assert asked.preferences == (Preference.NOISE, Preference.LAYERS)
        assert asked.coupling_map == ((0, 1), (1, 0))
        assert asked.qiskit_options == (("layout_method", '"sabre"'),)


async def test_a_limit_and_a_private_job_go_into_the_submission() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#max-seconds", Input).value = "0"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "✘ QPU limit"))
        screen.query_one("#max-seconds", Input).value = "1"
        await until(pilot, lambda: shows(pilot, "more than the QPU limit"))
        screen.query_one("#private", Choice).value = True
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(deck)))
        (submission,) = submissions(deck)
        assert (submission.max_seconds, submission.private) == (1, True)


async def test_escape_stops_the_compiler() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        await open_review(pilot)
        deck.gate = asyncio.Event()
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "Transpiling for ibm_peekskill", "esc stops"))
        await pilot.press("escape")
        await until(pilot, lambda: deck.stopped == 1)
        assert shows(pilot, "Stopped")
        deck.gate = None
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))


async def test_a_failure_is_told_with_its_advice() -> None:
    deck = FixedDeck()
    deck.trouble["transpile"] = QdeckError(ErrorKind.CIRCUIT, "127 qubits are too many.", "Choose ibm_fez.")
    async with running(deck) as pilot:
        await open_review(pilot)
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "127 qubits are too many. Choose ibm_fez."))


async def test_candidates_are_compared_and_one_is_picked() -> None:
    async with running() as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#level", Choice).value = 3
        await until(pilot, lambda: shows(pilot, "Other choices than these"))
        await pilot.press("f8")
        table = screen.query_one(CandidateTable)
        await until(pilot, lambda: len(table.candidates) == 2)
        table.focus()
        await pilot.press("up", "enter")
        await until(pilot, lambda: app_of(pilot).bench.options == TranspileOptions())
        assert screen.query_one("#level", Choice).value == TranspileOptions().optimization_level, (
            "the choices follow the candidate"
        )
        assert shows(pilot, "F9 runs it")


async def test_a_changed_circuit_makes_the_candidate_stale() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        screen = await transpiled(pilot)
        await pilot.press("f2")
        app_of(pilot).bench.qasm = BELL + "x q[0];"
        await pilot.press("f4")
        await until(pilot, lambda: shows(pilot, "The circuit changed in the editor since"))
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        assert not submissions(deck), "what is submitted was seen first"
        assert len(screen.query_one(CandidateTable).candidates) == 1, "candidates of one circuit only"


async def test_the_isa_circuit_is_coloured_text_that_cannot_be_changed() -> None:
    async with running() as pilot:
        screen = await transpiled(pilot)
        screen.query_one(TabbedContent).active = "circuit"
        await until(pilot, lambda: shows(pilot, "cx $14, $13;"))
        screen.query_one("#isa").focus()
        await pilot.press("x")
        assert shows(pilot, "cx $14, $13;")


async def test_a_sampler_is_submitted_once_however_often_f9_is_pressed() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#shots", Input).value = "2000"
        screen.query_one("#tags", Input).value = "demo, [red]"
        deck.gate = asyncio.Event()
        await pilot.press("f9", "f9")
        assert shows(pilot, "Submitting to ibm_peekskill")
        deck.gate.set()
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, JobsScreen))
        (submission,) = submissions(deck)
        assert submission.primitive is Primitive.SAMPLER
        assert (submission.shots, submission.tags, submission.name) == (2000, ("demo", "[red]"), "bell")
        assert submission.source == BELL
        assert submission.qasm == bell_candidate().qasm
        assert submission.session_id == ""
        await until(pilot, lambda: shows(pilot, "Submitted d3knew"))


async def test_wrong_shots_are_told_beside_the_form() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#shots", Input).value = "0"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "Shots: a whole number"))
        assert getattr(app_of(pilot).focused, "id", "") == "shots"
        assert not submissions(deck)


async def test_a_sampler_without_measurement_is_refused_with_advice() -> None:
    deck = FixedDeck()
    deck.candidate = bell_candidate(measures=False)
    async with running(deck) as pilot:
        await transpiled(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "needs a measurement", "estimator"))
        assert not submissions(deck)


async def test_an_estimator_gets_observables_of_the_device() -> None:
    deck = FixedDeck()
    deck.candidate = bell_candidate(measures=False)
    async with running(deck) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#primitive", Choice).value = Primitive.ESTIMATOR
        await until(pilot, lambda: shows(pilot, "Observables", "Precision"))
        screen.query_one("#observables", Input).value = "zzz"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "'ZZZ' has 3 letters"))
        screen.query_one("#observables", Input).value = "zz, xi"
        screen.query_one("#precision", Input).value = "0.05"
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(deck)))
        (submission,) = submissions(deck)
        assert submission.observable_labels == ("ZZ", "XI")
        assert [len(observable) for observable in submission.observables] == [27, 27]
        assert (submission.shots, submission.precision) == (None, 0.05)


async def test_sessions_of_the_backend_are_offered_and_used() -> None:
    deck = FixedDeck()
    deck.the_sessions = SESSIONS
    async with running(deck) as pilot:
        app_of(pilot).bench.session_id = BATCH.id
        screen = await transpiled(pilot)
        assert screen.query_one("#session", Choice).value == BATCH.id
        await pilot.press("f9")
        await until(pilot, lambda: bool(submissions(deck)))
        assert submissions(deck)[0].session_id == BATCH.id


async def test_a_session_of_another_backend_is_not_offered() -> None:
    deck = FixedDeck()
    deck.the_sessions = SESSIONS
    async with running(deck) as pilot:
        app_of(pilot).bench.session_id = BATCH.id
        screen = await open_review(pilot, BELL, "ibm_cusco")
        assert screen.query_one("#session", Choice).value == ""
        assert app_of(pilot).bench.session_id == ""


async def test_a_refused_submission_keeps_the_form() -> None:
    deck = FixedDeck()
    deck.trouble["submit"] = QdeckError(
        ErrorKind.CONFLICT, "The session is closed.", "Choose another.", code="1217"
    )
    async with running(deck) as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#tags", Input).value = "demo"
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "The session is closed"))
        assert screen.query_one("#tags", Input).value == "demo"
        del deck.trouble["submit"]
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, JobsScreen))


async def test_the_estimate_stands_beside_what_is_left() -> None:
    deck = FixedDeck()
    async with running(deck) as pilot:
        screen = await transpiled(pilot)
        assert shows(pilot, "takes about 3.0 s of QPU", "9m 12s of 10m QPU left")
        screen.query_one("#shots", Input).value = "100000"
        await until(pilot, lambda: shows(pilot, "27 s of QPU"))
        deck.the_usage = Usage(consumed_seconds=595, limit_seconds=600)
        deck.publish(UsageChanged(deck.the_usage))
        await until(pilot, lambda: shows(pilot, "more than the instance"))


async def test_a_device_without_gate_lengths_says_so() -> None:
    deck = FixedDeck()
    deck.candidate = replace(deck.candidate, duration_us=None, estimated_success=None)
    async with running(deck) as pilot:
        await transpiled(pilot)
        assert shows(pilot, "tells no gate lengths")


async def test_what_costs_is_confirmed_with_cancel_in_focus() -> None:
    deck = FixedDeck()
    deck.the_usage = Usage(consumed_seconds=48, limit_seconds=600, plan="premium")
    async with running(deck) as pilot:
        await transpiled(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        assert shows(pilot, "Run on ibm_peekskill?", "premium", "about 3.0 s of QPU time")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TranspileScreen))
        assert not submissions(deck)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        assert len(submissions(deck)) == 1


async def test_the_best_backend_is_offered_until_another_is_picked() -> None:
    deck = FixedDeck()
    first, second, _ = deck.the_backends
    busy = replace(first, queue_length=40)
    deck.the_backends = (busy, second)
    async with running(deck) as pilot:
        await open_review(pilot, backend="")
        bench = app_of(pilot).bench
        assert bench.backend == "ibm_cusco"
        # News does not change the choice under the eyes of the user.
        deck.the_backends = (first, second)
        deck.publish(BackendsChanged(deck.the_backends))
        await settled(pilot)
        assert bench.backend == "ibm_cusco"
        bench.qubits = 100
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert bench.backend == "ibm_cusco", "the only one that is large enough"
        bench.qubits = 2
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert bench.backend == "ibm_peekskill"
        await pilot.press("f6", "down", "enter")
        await until(pilot, lambda: bench.backend == "ibm_cusco")
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert bench.backend == "ibm_cusco" and bench.errand is Errand.NONE


async def test_errors_that_decide_which_backend_is_best_are_asked_for() -> None:
    class Telling(FixedDeck):
        """Keeps what it is asked for, as the real deck does."""

        async def backend_details(self, name: str) -> Backend:
            whole = replace(
                await super().backend_details(name), median_2q_error={"ibm_cusco": 0.002}.get(name, 0.02)
            )
            self.the_backends = tuple(whole if one.name == name else one for one in self.the_backends)
            self.publish(BackendsChanged(self.the_backends))
            return whole

    deck = Telling()
    deck.the_backends = tuple(
        replace(one, name=name, queue_length=1)
        for one, name in zip(deck.the_backends[:2], ("ibm_algiers", "ibm_cusco"), strict=True)
    )
    async with running(deck) as pilot:
        await open_review(pilot, backend="")
        assert app_of(pilot).bench.backend == "ibm_cusco"
        assert deck.names_asked().count("backend_details") == 2


async def test_a_session_that_closed_meanwhile_is_never_left_in_silence() -> None:
    deck = FixedDeck()
    deck.the_sessions = SESSIONS
    async with running(deck) as pilot:
        app_of(pilot).bench.session_id = BATCH.id
        await transpiled(pilot)
        assert app_of(pilot).bench.session_id == BATCH.id
        closed = replace(BATCH, state=SessionState.CLOSED)
        deck.the_sessions = (closed,)
        deck.publish(SessionsChanged((closed,)))
        await until(pilot, lambda: "was in use for the next jobs" in notices(pilot))
        assert app_of(pilot).bench.session_id == ""
        for _ in range(2):
            await pilot.press("f9")
            await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
            assert shows(pilot, "is closed. The job would run alone")
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, TranspileScreen))
        assert not submissions(deck)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: bool(submissions(deck)))
        assert submissions(deck)[0].session_id == ""
        assert notices(pilot).count("was in use for the next jobs") == 1
        await pilot.press("f4", "f9")
        await until(pilot, lambda: len(submissions(deck)) == 2)


async def test_a_session_in_use_outlives_the_question() -> None:
    deck = FixedDeck()
    dedicated = replace(BATCH, mode=SessionMode.DEDICATED)
    deck.the_sessions = (dedicated,)
    async with running(deck) as pilot:
        app_of(pilot).bench.session_id = dedicated.id
        await transpiled(pilot)
        for _ in range(2):
            await pilot.press("f9")
            await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, TranspileScreen))
            await settled(pilot)
            assert app_of(pilot).bench.session_id == dedicated.id
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: bool(submissions(deck)))
        assert submissions(deck)[0].session_id == dedicated.id
