"""A job's export: where it goes, in what form, and what it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from tests.support.app import notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import jobs
from tests.support.job_page import BELL, open_page
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.export.forms import ExportChoice, ExportForm
from tui.screens.dialogs.export import ExportDialog, Target
from tui.widgets.forms.select import SearchableSelect

JSON = ExportChoice(ExportForm.JSON)


async def test_export_never_overwrites_silently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bell.json").write_text("mine")
    async with running() as pilot:
        await open_page(pilot, BELL)
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
        await open_page(pilot, BELL)
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
        await open_page(pilot, BELL)
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
