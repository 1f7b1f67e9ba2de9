"""One job: facts, timeline, reason, result, circuit, log, raw answer, export."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pygments.lexer import RegexLexer
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.compiler.devices import device
from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import bell_candidate
from tests.support.fixed_values import BELL_RESULT, NOW, ago, jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import TranspileOptions
from tui.domain.devices.backends import BackendData
from tui.domain.export.forms import ExportChoice, ExportForm
from tui.domain.jobs import JobStatus
from tui.domain.results import Counts, Estimate, ExecutionSpan, ExpectationValue, JobResult, PubResult
from tui.domain.statistics.distributions import Distribution
from tui.monitor.state.events import JobsChanged
from tui.openqasm.lexers import State, TokenSpan, lex_line
from tui.screens.dialogs.export import ExportDialog, Target
from tui.screens.dialogs.prompt import Prompt
from tui.screens.dialogs.rerun import Rerun
from tui.screens.jobs.detail import JobScreen
from tui.widgets.forms.select import SearchableSelect

JSON = ExportChoice(ExportForm.JSON)
BELL, FAILED, VALUES = 2, 3, 4
"""Places of jobs in the table."""


async def _open(pilot: Pilot[None], place: int) -> None:
    await settled(pilot)
    await pilot.press(*["down"] * place, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, JobScreen))
    await settled(pilot)


def test_job_page_counts_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=lambda pilot: _open(pilot, BELL))


def test_job_page_failed_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=lambda pilot: _open(pilot, FAILED))


def test_job_page_counts_at_120x40(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), terminal_size=(120, 40), run_before=lambda pilot: _open(pilot, BELL))


def _mitigated(factors: tuple[int, ...] = ()) -> AppServicesHarness:
    """Services whose job of values has them by TREX, and by ZNE where there are noise factors."""
    services = AppServicesHarness()
    job_id = jobs()[VALUES].id
    before = [
        Estimate(f"{name}, noise x {factor}" if factors else name, value - 0.02 * factor, 0.0192)
        for factor in factors or (1,)
        for name, value in (("no mitigation", 0.78), ("TREX", 0.98))
    ]
    method = "TREX and ZNE, exponential fit" if factors else "TREX"
    steps = tuple(before if factors else before[:1])
    values = tuple(
        ExpectationValue(0.9881, 0.0107, label, (place,), None, steps, method)
        for place, label in enumerate(("ZZ", "XX", "YY"))
    )
    services.results[job_id] = JobResult((PubResult(values=values),))
    return services


def test_job_page_mitigated_values_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(_mitigated((1, 3, 5))), run_before=lambda pilot: _open(pilot, VALUES))


def test_job_page_mitigated_values_at_120x40(snap_compare: SnapCompare) -> None:
    app = make_app(_mitigated((1, 3, 5)))
    assert snap_compare(app, terminal_size=(120, 40), run_before=lambda pilot: _open(pilot, VALUES))


def test_job_page_mitigated_values_without_colours(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(_mitigated()), run_before=lambda pilot: _open(pilot, VALUES))


async def _open_circuit(pilot: Pilot[None]) -> None:
    await _open(pilot, BELL)
    await pilot.press("5")
    await settled(pilot)


def test_job_page_circuit_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=_open_circuit)


def test_job_page_circuit_without_colours(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(), run_before=_open_circuit)


@pytest.mark.parametrize("ends", ["\n", " "])
async def test_job_page_lexes_only_visible_lines_of_a_long_circuit(
    ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lexed: list[str] = []

    def seen(lexer: RegexLexer, text: str, state: State) -> tuple[list[TokenSpan], State]:
        lexed.append(text)
        return lex_line(lexer, text, state)

    monkeypatch.setattr("tui.openqasm.highlighter.lex_line", seen)
    services = AppServicesHarness()
    circuit = "OPENQASM 3.0;" + ends + ends.join(f"rz({n}) $5;" for n in range(10_000))
    services.the_jobs = tuple(replace(job, circuit=circuit) for job in services.the_jobs)
    async with running(services) as pilot:
        await _open(pilot, BELL)
        for key, expected in (("5", "rz(3) $5;"), ("G", "rz(9999) $5;"), ("pageup", "rz(9980) $5;")):
            lexed.clear()
            await pilot.press(key)
            await settled(pilot)
            assert expected in screen_text(pilot)
            assert len(lexed) < 150


async def test_job_page_log_shows_a_traceback_to_its_end() -> None:
    services = AppServicesHarness()
    services.the_logs = "Traceback:\n" + "\n".join(f"    deep in {'x' * 150} END{row}" for row in range(40))
    async with running(services) as pilot:
        await _open(pilot, BELL)
        await pilot.press("8", "G")
        await settled(pilot)
        text = screen_text(pilot).replace(" ", "").replace("\n", "")
        assert "END39" in text


async def test_job_page_shows_values_with_errors() -> None:
    async with running() as pilot:
        await _open(pilot, VALUES)
        assert "ZZ" in screen_text(pilot)
        assert "+0.9531 ± 0.0047" in screen_text(pilot)
        assert "-0.0123 ± 0.0156" in screen_text(pilot)


async def test_job_page_opens_each_view_by_its_number() -> None:
    async with running() as pilot:
        await _open(pilot, BELL)
        for key, expected in (
            ("2", "P(1)"),
            ("3", "billed"),
            ("4", "2Q %"),
            ("5", "sx $14;"),
            ("6", "h q[0];"),
            ("7", "execution time"),
            ("8", "job finished"),
            ("9", '"results": ['),
            ("1", "49.6 %"),
        ):
            await pilot.press(key)
            await settled(pilot)
            assert expected in screen_text(pilot), key
        await pilot.press("tab")
        await settled(pilot)
        assert "[2 Bits]" in screen_text(pilot)


async def test_job_page_of_a_failed_job_says_why_and_what_to_do() -> None:
    async with running() as pilot:
        await _open(pilot, FAILED)
        text = screen_text(pilot)
        assert "Why: The instruction cp on qubits (0, 1)" in text
        assert "1517" in text
        assert "What to do:" in text
        assert "it has no result" in text


async def test_job_page_shows_every_register_and_the_rest() -> None:
    services = AppServicesHarness()
    many = Counts("wide", 6, 630, {format(number, "06b"): 10 for number in range(63)})
    services.results[jobs()[BELL].id] = JobResult((PubResult(counts=(BELL_RESULT.pubs[0].counts[0], many)),))
    async with running(services, size=(100, 50)) as pilot:
        await _open(pilot, BELL)
        text = screen_text(pilot)
        assert "c  2 bits, 1024 shots, 4 outcomes" in text
        assert "wide  6 bits, 630 shots, 63 outcomes" in text
        assert "47 others" in text and "74.6 %" in text


async def test_job_page_shows_the_result_when_the_job_ends() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await _open(pilot, 1)
        assert "No result yet." in screen_text(pilot)
        job = jobs()[1]
        services.results[job.id] = BELL_RESULT
        services.change(replace(job, status=JobStatus.DONE, qpu_seconds=1.0))
        await until(pilot, lambda: "49.6 %" in screen_text(pilot))


async def test_job_page_says_when_the_result_is_missing() -> None:
    services = AppServicesHarness()
    services.trouble["result"] = QdeckError(ErrorKind.NOT_FOUND, "[b]Gone[/b].", "Run it again.")
    async with running(services) as pilot:
        await _open(pilot, BELL)
        assert "[b]Gone[/b]." in screen_text(pilot)
        assert "Run it again." in screen_text(pilot)


async def test_export_never_overwrites_silently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bell.json").write_text("mine")
    async with running() as pilot:
        await _open(pilot, BELL)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
        pilot.app.screen.query_one(Input).value = "bell.json"
        await pilot.press("enter")
        await until(pilot, lambda: "Enter once more replaces it" in screen_text(pilot))
        assert (tmp_path / "bell.json").read_text() == "mine"
        pilot.app.screen.query_one(Input).value = "other.json"
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "other.json").exists())
        await settled(pilot)
        assert "Written to other.json" in notices(pilot)
    body = json.loads((tmp_path / "other.json").read_text())
    assert body["sandbox"] is True
    assert body["job_id"] == jobs()[BELL].id
    assert body["pubs"][0]["counts"][0]["counts"]["00"] == 508
    assert body["raw"] == {"results": [{"data": {"c": {}}}]}


async def test_export_reports_an_unwritable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file where a folder is meant")
    async with running() as pilot:
        await _open(pilot, BELL)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
        pilot.app.screen.query_one(Input).value = "taken/bell.json"
        await pilot.press("enter")
        await until(pilot, lambda: "could not be written" in notices(pilot))


async def test_dialog_offers_targets_and_names_that_fit_the_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sent: list[str] = []
    async with running() as pilot:
        monkeypatch.setattr(pilot.app, "copy_to_clipboard", sent.append)
        await _open(pilot, BELL)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
        what, to = (pilot.app.screen.query_one(name, SearchableSelect) for name in ("#what", "#to"))
        field = pilot.app.screen.query_one(Input)
        what.value = "counts"
        await until(pilot, lambda: field.value.endswith(".csv"))
        what.value = "qpy"
        await until(pilot, lambda: field.value.endswith(".qpy"))
        assert [target for _, target in to.offered] == [Target.FILE]
        what.value = "counts"
        await until(pilot, lambda: len(to.offered) == 2)
        to.value = Target.CLIPBOARD
        await until(pilot, lambda: field.disabled)
        pilot.app.screen.query_one("#do", Button).press()
        await until(pilot, lambda: bool(sent))
        await pilot.press("Y")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
        pilot.app.screen.query_one("#what", SearchableSelect).value = "link"
        await settled(pilot)
        pilot.app.screen.query_one("#do", Button).press()
        await until(pilot, lambda: "have a page with an address" in notices(pilot))
    lines = sent[0].splitlines()
    assert lines[0].startswith("pub,circuit,register,index,bits,count") and "00,508" in lines[1]


async def test_run_again_submits_the_copies_that_were_asked_for() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await _open(pilot, BELL)
        services.the_params = '{"pubs": []}'
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, Rerun))
        assert "as they were submitted" in screen_text(pilot)
        pilot.app.screen.query_one(Input).value = "0"
        pilot.app.screen.query_one("#do", Button).press()
        await until(pilot, lambda: "a number from 1 to 100" in screen_text(pilot))
        pilot.app.screen.query_one(Input).value = "2"
        pilot.app.screen.query_one("#do", Button).press()
        await until(pilot, lambda: "again: 2 jobs" in notices(pilot))
        assert services.names_asked().count("submit") == 2


async def test_job_page_of_a_vanished_job_says_so() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await _open(pilot, BELL)
        job = jobs()[BELL]
        services.the_jobs = ()
        services.events.publish(JobsChanged((job,)))
        await settled(pilot)
        assert "is not known here any more" in screen_text(pilot)


async def test_job_page_fetches_and_draws_a_circuit_from_elsewhere() -> None:
    services = AppServicesHarness()
    services.the_circuits[jobs()[VALUES].id] = ("OPENQASM 3.0; // from a script",)
    async with running(services) as pilot:
        await _open(pilot, VALUES)
        await pilot.press("5")
        await settled(pilot)
        shown = screen_text(pilot)
        assert "┤ H ├" in shown and "from a script" in shown


async def test_job_page_says_why_a_circuit_is_missing() -> None:
    async with running() as pilot:
        await _open(pilot, VALUES)
        await pilot.press("5")
        await settled(pilot)
        assert "hold no circuit" in screen_text(pilot)


async def test_job_page_fetches_the_place_of_a_queued_job() -> None:
    services = AppServicesHarness()
    place = next(place for place, job in enumerate(jobs()) if job.status is JobStatus.QUEUED)
    services.queue_positions[jobs()[place].id] = 12
    async with running(services) as pilot:
        await _open(pilot, place)
        await until(pilot, lambda: "position 12" in screen_text(pilot))


async def test_job_page_pages_through_the_circuits_of_several_pubs() -> None:
    services = AppServicesHarness()
    job = jobs()[BELL]
    services.the_circuits[job.id] = tuple(f"OPENQASM 3.0; // circuit {number}" for number in range(3))
    services.change(replace(job, source="", circuits=20))
    async with running(services) as pilot:
        await _open(pilot, BELL)
        await pilot.press("n", "5")
        await settled(pilot)
        assert "PUB 1 of 20" in screen_text(pilot) and "// circuit 0" in screen_text(pilot)
        assert "3 can be shown" in screen_text(pilot)
        await pilot.press("n")
        await settled(pilot)
        assert "PUB 2 of 20" in screen_text(pilot) and "// circuit 1" in screen_text(pilot)
        await pilot.press("p", "p")
        await settled(pilot)
        assert "PUB 3 of 20" in screen_text(pilot) and "// circuit 2" in screen_text(pilot)
        assert services.names_asked().count("submitted") == 1


async def test_export_holds_the_circuit_of_every_pub() -> None:
    services = AppServicesHarness()
    job = replace(jobs()[BELL], source="")
    services.the_jobs = (job,)
    services.trouble["submitted"] = QdeckError(ErrorKind.NETWORK, "The host was not reached.")
    await services.start()
    assert json.loads(b"".join(await services.exports.content([job.id], JSON)))["circuits"] == [job.circuit]
    services.trouble.clear()
    services.the_circuits[job.id] = (job.circuit, "OPENQASM 3.0; // b")
    body = json.loads(b"".join(await services.exports.content([job.id], JSON)))
    assert body["circuits"] == [job.circuit, "OPENQASM 3.0; // b"]
    assert body["circuit"] == job.circuit
    await services.aclose()


async def test_job_page_says_how_the_circuit_was_transpiled_here() -> None:
    services = AppServicesHarness()
    bell = jobs()[BELL]
    told = replace(bell_candidate(), options=TranspileOptions(2, 42), final_layout=(13, 14), at=NOW)
    services.transpiled_here(bell.id, told.transpilation)
    async with running(services) as pilot:
        await _open(pilot, BELL)
        (fact,) = (row for row in screen_text(pilot).splitlines() if "transpiled" in row)
        for words in ("level 2, here, seed 42", "2q 1 → 1", "depth 3 → 5", "success 97.2 %"):
            assert words in fact
        await pilot.press("7")
        await settled(pilot)
        await pilot.press("end")
        await settled(pilot)
        shown = screen_text(pilot)
        assert "0→14  1→13" in shown and "0→13  1→14" in shown
        assert "size" in shown and "4 → 6" in shown


async def test_job_page_of_a_job_from_elsewhere_has_no_transpilation() -> None:
    async with running() as pilot:
        await _open(pilot, BELL)
        await pilot.press("7")
        await settled(pilot)
        assert "transpiled" not in screen_text(pilot)


async def test_job_page_says_when_the_source_was_evicted() -> None:
    services = AppServicesHarness()
    bell = jobs()[BELL]
    services.change(replace(bell, source=""))
    services.transpiled_here(bell.id, bell_candidate().transpilation)
    async with running(services) as pilot:
        await _open(pilot, BELL)
        await pilot.press("6")
        await settled(pilot)
        assert "was let go" in screen_text(pilot)


async def test_edit_fetches_a_circuit_unknown_here() -> None:
    services = AppServicesHarness()
    bell = jobs()[BELL]
    services.change(replace(bell, source="", circuit=""))
    async with running(services) as pilot:
        await _open(pilot, BELL)
        services.the_circuits[bell.id] = ("OPENQASM 3; // from there",)
        await pilot.press("e")
        await until(pilot, lambda: pilot.app.current_mode == "editor")
        assert "from there" in screen_text(pilot)


async def test_job_page_offers_cancel_only_while_the_job_is_not_over() -> None:
    services = AppServicesHarness()
    place = next(place for place, job in enumerate(jobs()) if job.status is JobStatus.QUEUED)
    async with running(services) as pilot:
        await _open(pilot, place)
        assert "Cancel job" in screen_text(pilot)
        services.change(replace(jobs()[place], status=JobStatus.DONE))
        await until(pilot, lambda: "Cancel job" not in screen_text(pilot))
        await pilot.press("c")
        await settled(pilot)
        assert "cancel" not in services.names_asked() and len(pilot.app.screen_stack) == 2


async def test_job_page_walks_through_the_views_of_counts() -> None:
    services = AppServicesHarness()
    pub = PubResult(
        counts=(
            Counts("c", 3, 100, {"001": 60, "110": 30, "100": 10}),
            Counts("d", 1, 100, {"0": 60, "1": 40}),
        )
    )
    body = {
        "c": {"samples": ["0x1"] * 60 + ["0x6"] * 30 + ["0x4"] * 10, "num_bits": 3},
        "d": {"samples": ["0x0"] * 60 + ["0x1"] * 40, "num_bits": 1},
    }
    raw = json.dumps({"results": [{"data": body}]}).encode()
    services.results[jobs()[BELL].id] = JobResult((pub,), raw=raw)
    services.ideal = Distribution({"0001": 0.5, "1110": 0.5}, (("c", 3), ("d", 1)), 4, "state vector")
    services.noisy = QdeckError(ErrorKind.CIRCUIT, "The circuit is too wide.")
    async with running(services, size=(100, 40)) as pilot:
        await _open(pilot, BELL)
        await until(pilot, lambda: "The circuit is too wide." in screen_text(pilot))
        # By frequency, in order of the bits of each register.
        assert "001   60.0 % 60 ± 5" in screen_text(pilot)
        assert "Hellinger fidelity" in screen_text(pilot)
        for key, expected in (
            ("o", "by value"),
            ("o", "fewest ones first"),
            ("o", "nearest first"),
            ("b", "by number of ones"),
            ("b", "by distance"),
            ("l", "log scale"),
        ):
            await pilot.press(key)
            await settled(pilot)
            assert expected in screen_text(pilot), key
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        await pilot.press(*"111", "enter")
        await until(pilot, lambda: "1 bits away" in screen_text(pilot))
        # From 111 it is one bit to 110, two to 001 and 100.
        rows = [row.split() for row in screen_text(pilot).splitlines() if "bits away" in row]
        assert [row[:5] for row in rows[:2]] == [
            ["1", "bits", "away", "30.0", "%"],
            ["2", "bits", "away", "70.0", "%"],
        ]
        await pilot.press("b", "l", "a")
        await until(pilot, lambda: "registers together" in screen_text(pilot))
        assert "d c  4 bits, 100 shots, 3 outcomes" in screen_text(pilot)
        assert "0001   60.0 %" in screen_text(pilot) and "1110   30.0 %" in screen_text(pilot)


async def test_job_page_shows_bits_beside_the_qubits_of_then() -> None:
    services = AppServicesHarness()
    services.device_data["ibm_peekskill"] = device("peekskill")
    services.past_data["ibm_peekskill"] = _earlier(device("peekskill"))
    async with running(services) as pilot:
        await _open(pilot, BELL)
        await pilot.press("2")
        await until(pilot, lambda: "382 µs" in screen_text(pilot))
        rows = [row.split() for row in screen_text(pilot).splitlines()]
        # Bit 0 was measured on qubit 14, whose readout was four times worse then; it stands out by that.
        first = next(row for row in rows if row[:1] == ["0"] or row[:2] == ["!", "0"])
        assert first[-4:] == ["14", "16.12", "382", "µs"]


def _earlier(data: BackendData) -> BackendData:
    """The device before its last calibration, when the readout of qubit 14 was four times worse."""
    properties = json.loads(data.properties)
    properties["last_update_date"] = "2024-01-01T00:00:00Z"
    for entry in properties["qubits"][14]:
        if entry["name"] == "readout_error":
            entry["value"] *= 4
    return BackendData(data.name, data.configuration, json.dumps(properties).encode())


async def _open_calibration(pilot: Pilot[None]) -> None:
    await _open(pilot, BELL)
    await pilot.press("4")
    await until(pilot, lambda: "COUPLER" in screen_text(pilot))
    await settled(pilot)


def test_job_page_calibrations_at_120x40(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    services.device_data["ibm_peekskill"] = device("peekskill")
    services.past_data["ibm_peekskill"] = _earlier(device("peekskill"))
    assert snap_compare(make_app(services), terminal_size=(120, 40), run_before=_open_calibration)


async def _open_time(pilot: Pilot[None]) -> None:
    await _open(pilot, BELL)
    await pilot.press("3")
    await settled(pilot)


def test_job_page_time_at_80x24(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    services.results[jobs()[BELL].id] = replace(
        BELL_RESULT,
        spans=tuple(
            ExecutionSpan(ago(minutes=4.8, seconds=-1 - n), ago(minutes=4.8, seconds=-1.6 - n), ((0, 512),))
            for n in (0, 2)
        ),
    )
    assert snap_compare(make_app(services), run_before=_open_time)
