"""The transpile review: choices, candidates, what a search brings, and what is stale."""

from __future__ import annotations

import asyncio

from textual.widgets import Input

from tests.support.app import app_of, running, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL
from tests.support.review import open_review, submissions, transpiled
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import Maker, TranspileOptions
from tui.domain.search import SearchProgress, Unavailable
from tui.screens.transpile.transpiling import SearchNews
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.submit_form import SubmitForm
from tui.widgets.forms.transpile_options import BEST
from tui.widgets.tables.candidate_table import CandidateTable
from tui.widgets.text.styled_text import text_of
from tui.widgets.text.text_widgets import TextBlock


async def test_review_without_circuit_or_sign_in_says_what_to_do() -> None:
    async with running() as pilot:
        await open_review(pilot, "")
        assert shows(pilot, "There is no circuit yet", "F3")
    async with running(AppServicesHarness(signed_in=False)) as pilot:
        await pilot.press("escape")
        await open_review(pilot, BELL, "")
        assert shows(pilot, "Not signed in", "F7")


async def test_review_compares_before_and_after() -> None:
    async with running() as pilot:
        await transpiled(pilot)
        assert shows(
            pilot, "two-qubit gates", "estimated success", "97.2 %", "1.6 µs", "measure\N{NO-BREAK SPACE}2"
        )
        assert shows(pilot, "14 13"), "the layout"


async def test_review_passes_the_options_to_the_compiler() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await open_review(pilot)
        screen.query_one("#backend", SearchableSelect).value = "ibm_cusco"
        screen.query_one("#level", SearchableSelect).value = 3
        screen.query_one("#seed", Input).value = "42"
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        assert ("transpile", BELL, "ibm_cusco", TranspileOptions(3, 42, False)) in services.asked


async def test_review_reports_a_seed_that_is_too_large() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await open_review(pilot)
        screen.query_one("#seed", Input).value = "9999999999"
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "Seed: a whole number"))
        assert "transpile" not in services.names_asked()


async def test_review_escape_stops_the_compiler() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await open_review(pilot)
        services.gate = asyncio.Event()
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "Transpiling for ibm_peekskill", "esc stops"))
        await pilot.press("escape")
        await until(pilot, lambda: services.stopped == 1)
        assert shows(pilot, "Stopped")
        services.gate = None
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))


async def test_f9_while_the_transpiler_is_at_work_is_kept_and_told() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await open_review(pilot)
        services.gate = asyncio.Event()
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "Transpiling for ibm_peekskill"))
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "the form to run it comes then"))
        screen.post_message(SearchNews(SearchProgress(4, 1, 0, seconds=1.5), ""))
        await until(pilot, lambda: shows(pilot, "in 1.5 s", "F9 is kept  esc stops"))
        services.gate.set()
        await until(pilot, lambda: screen.query_one(SubmitForm).has_focus_within)
        assert not submissions(services)


async def test_review_reports_a_failure_with_advice() -> None:
    services = AppServicesHarness()
    services.trouble["search"] = QdeckError(ErrorKind.CIRCUIT, "127 qubits are too many.", "Choose ibm_fez.")
    async with running(services) as pilot:
        await open_review(pilot)
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "127 qubits are too many. Choose ibm_fez."))


async def test_review_compares_candidates_and_picks_one() -> None:
    async with running() as pilot:
        screen = await transpiled(pilot)
        screen.query_one("#level", SearchableSelect).value = 1
        await until(pilot, lambda: shows(pilot, "Other choices than these"))
        await pilot.press("f8")
        table = screen.query_one(CandidateTable)
        await until(pilot, lambda: len(table.candidates) == 2)
        table.focus()
        await pilot.press("C")
        await until(pilot, lambda: shows(pilot, "[2 Differences]", "≠ level"))
        await pilot.press("3")
        await until(pilot, lambda: shows(pilot, "the same text"))
        await pilot.press("escape")
        await settled(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app_of(pilot).workspace.options == TranspileOptions(3, seed=0))
        assert screen.query_one("#level", SearchableSelect).value == 3, "the choices follow the candidate"
        assert screen.query_one("#seed", Input).value == "0"
        assert shows(pilot, "F9 runs it")


async def test_search_fills_the_table_as_it_goes_and_picks_the_best() -> None:
    services = AppServicesHarness()
    services.searched_levels = (3, 2, 1, 0)
    services.search_gate = asyncio.Event()
    async with running(services) as pilot:
        screen = await open_review(pilot)
        await pilot.press("f8")
        table = screen.query_one(CandidateTable)
        await until(pilot, lambda: len(table.candidates) == 4)
        await until(pilot, lambda: shows(pilot, "4 candidates in 2.0 s, best of 1 seed since 0  esc stops"))
        services.search_gate.set()
        await until(
            pilot, lambda: shows(pilot, "✔ 4 candidates in 2.0 s, best of 1 seed since 0  F9 runs it.")
        )
        workspace = app_of(pilot).workspace
        assert workspace.candidate is not None and workspace.reviewed
        first = workspace.candidate
        assert first.options == TranspileOptions(3, seed=0)
        assert screen.query_one("#level", SearchableSelect).value == BEST, "F8 searches again"
        table.focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: workspace.candidate != first)
        assert workspace.candidate.options.optimization_level == 2
        assert workspace.search, "still"
        await pilot.press("f8")
        await until(pilot, lambda: [one[0] for one in services.asked].count("search") == 2)


async def test_reason_of_a_maker_that_made_none_stands_in_full_below_what_changed() -> None:
    services = AppServicesHarness()
    reason = "Not run here: the passes need a package that the newest client of the service does not go with."
    services.unavailable = (Unavailable(Maker.AI, reason),)
    async with running(services, size=(120, 40)) as pilot:
        screen = await open_review(pilot)
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        told = screen.query_one("#unavailable", TextBlock)
        assert " ".join(" ".join(map(text_of, told.shown)).split()) == f"none by AI: {reason}"


async def test_candidate_picked_during_a_search_stays_picked() -> None:
    services = AppServicesHarness()
    services.searched_levels = (3, 2)
    services.search_gate = asyncio.Event()
    async with running(services) as pilot:
        screen = await open_review(pilot)
        await pilot.press("f8")
        table = screen.query_one(CandidateTable)
        await until(pilot, lambda: len(table.candidates) == 2)
        table.focus()
        await pilot.press("down", "enter")
        services.search_gate.set()
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        workspace = app_of(pilot).workspace
        assert workspace.candidate is not None and workspace.candidate.options.optimization_level == 2


async def test_stopped_search_keeps_what_it_has_found() -> None:
    services = AppServicesHarness()
    services.search_gate = asyncio.Event()
    async with running(services) as pilot:
        screen = await open_review(pilot)
        await pilot.press("f8")
        await until(pilot, lambda: len(screen.query_one(CandidateTable).candidates) == 1)
        await pilot.press("escape")
        await until(pilot, lambda: shows(pilot, "Stopped. F8 transpiles again."))
        assert len(screen.query_one(CandidateTable).candidates) == 1
        assert app_of(pilot).workspace.reviewed, "it may be run"


async def test_review_marks_a_candidate_of_a_changed_circuit_as_stale() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        screen = await transpiled(pilot)
        await pilot.press("f2")
        app_of(pilot).workspace.qasm = BELL + "x q[0];"
        await pilot.press("f4")
        await until(pilot, lambda: shows(pilot, "The circuit changed in the editor since"))
        await pilot.press("f9")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        assert not submissions(services), "what is submitted was seen first"
        assert len(screen.query_one(CandidateTable).candidates) == 1, "candidates of one circuit only"


async def test_review_isa_circuit_is_highlighted_and_read_only() -> None:
    async with running() as pilot:
        screen = await transpiled(pilot)
        await pilot.press("4")
        await until(pilot, lambda: shows(pilot, "cx $14, $13;"))
        screen.query_one("#view-program").focus()
        await pilot.press("x")
        assert shows(pilot, "cx $14, $13;")
