"""What is fetched for an export, what cannot be written, and files that are whole or not there."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL
from tests.monitor.harness import MonitorHarness
from tests.support.circuits import bell_candidate
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.export.forms import ExportChoice, ExportForm, PictureKind, TableKind
from tui.domain.jobs import JobStatus
from tui.monitor.actions.export import write_export

PLAIN = json.dumps({"results": [{"data": {"c": {"samples": ["0x3", "0x0"], "num_bits": 2}}}]}).encode()


async def harness_with_jobs(tmp_path: Path) -> tuple[MonitorHarness, str, str]:
    """A job that is done, and one that runs."""
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.result_body = PLAIN
    done = harness.host.add(JobStatus.DONE, age=7200)
    runs = harness.host.add(JobStatus.RUNNING)
    await harness.services.polling.refresh()
    return harness, done.id, runs.id


async def test_every_form_of_a_job_is_written_from_what_the_service_tells(tmp_path: Path) -> None:
    harness, done, _ = await harness_with_jobs(tmp_path)
    exports = harness.services.exports

    async def written(form: ExportForm, table: TableKind | None = None) -> bytes:
        return b"".join(await exports.content([done], ExportChoice(form, table)))

    document = json.loads(await written(ExportForm.JSON))
    assert document["pubs"][0]["counts"][0]["counts"] == {"00": 5, "11": 5}
    assert document["metrics"]["qpu_seconds"] == 2.0 and document["circuits"] == ["OPENQASM 3; // from QPY"]
    assert await written(ExportForm.QASM) == b"OPENQASM 3; // from QPY\n"
    assert b"service.job(" in await written(ExportForm.PYTHON)
    shots = list(csv.DictReader(io.StringIO((await written(ExportForm.CSV, TableKind.SHOTS)).decode())))
    assert [row["c"] for row in shots] == ["11", "00"]
    await harness.services.aclose()


async def test_job_that_is_not_done_has_its_facts_and_no_table(tmp_path: Path) -> None:
    harness, done, runs = await harness_with_jobs(tmp_path)
    content = harness.services.exports.content
    document = json.loads(b"".join(await content([runs], ExportChoice(ExportForm.JSON))))
    assert (document["status"], document["pubs"], document["raw"]) == ("running", [], None)
    for form in (ExportForm.CSV, ExportForm.PNG):
        with pytest.raises(QdeckError, match="it is running"):
            await content([runs], ExportChoice(form))
    with pytest.raises(QdeckError, match="holds one job"):
        await content([done, runs], ExportChoice(ExportForm.QASM))
    with pytest.raises(QdeckError, match="not made here"):
        await content([done], ExportChoice(ExportForm.SVG, picture=PictureKind.MAP))
    with pytest.raises(QdeckError) as caught:
        await content(["unknown"], ExportChoice(ExportForm.JSON))
    assert caught.value.kind is ErrorKind.NOT_FOUND
    await harness.services.aclose()


async def test_map_has_the_qubits_of_the_device_and_of_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    made = replace(bell_candidate().transpilation, layout=(2, 0))
    job = await harness.services.outbox.submit(replace(BELL, transpilation=made))
    drawn: list[object] = []

    async def plot(picture: object, form: str) -> bytes:
        drawn.extend((picture, form))
        return b"picture"

    monkeypatch.setattr(harness.services.compiler, "plot", plot)
    choice = ExportChoice(ExportForm.PNG, picture=PictureKind.MAP)
    assert b"".join(await harness.services.exports.content([job.id], choice)) == b"picture"
    picture, form = drawn
    assert getattr(picture, "used", None) == {2: "q0", 0: "q1"} and form == "png"
    await harness.services.aclose()


def test_export_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.csv"
    assert write_export(file, iter([b"one", b"two"]), replace=False) == 6
    with pytest.raises(QdeckError, match="is there already"):
        write_export(file, [b"other"], replace=False)

    def failing() -> object:
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(QdeckError, match="No space left"):
        write_export(file, failing())  # type: ignore[arg-type]  # a generator all the same
    assert file.read_bytes() == b"onetwo" and len(list(file.parent.iterdir())) == 1
    link = tmp_path / "link"
    link.symlink_to(file)
    write_export(link, [b"through the link"])
    assert link.is_symlink() and file.read_bytes() == b"through the link"
    with pytest.raises(QdeckError, match="no regular file"):
        write_export(Path("/dev/null"), [b"x"])
