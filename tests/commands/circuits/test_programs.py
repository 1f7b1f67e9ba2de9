"""QPY as input of the commands: checked by its version first, every circuit a PUB of its own."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.compiler.test_decode_qpy import bell
from tests.support.circuits import BELL
from tests.support.command_line import CommandLine
from tui.commands.circuits.programs import one_program, programs_of, read_source
from tui.commands.shared.output import UsageFault
from tui.compiler.client import Compiler

qiskit = pytest.importorskip("qiskit")


class Reader(Compiler):
    """A compiler that reads one circuit a byte."""

    async def read_qpy(self, file: bytes) -> tuple[str, ...]:
        return tuple(map(chr, file.removeprefix(b"QISKIT")))


def qpy_file(folder: Path) -> Path:
    """A file with a Bell pair and a rotation by a free parameter."""
    from qiskit import qpy
    from qiskit.circuit import Parameter

    turn = qiskit.QuantumCircuit(1, 1, name="turn")
    turn.rx(Parameter("theta"), 0)
    turn.measure(0, 0)
    stream = io.BytesIO()
    qpy.dump([bell(), turn], stream)
    path = folder / "two.qpy"
    path.write_bytes(stream.getvalue())
    return path


async def test_programs_of_a_file_are_named_by_their_place(tmp_path: Path) -> None:
    text, binary = tmp_path / "bell.qasm", tmp_path / "two.qpy"
    text.write_text("\ufeffOPENQASM 3;", encoding="utf-8")
    binary.write_bytes(b"QISKITab")
    (plain,) = await programs_of(Reader(), str(text), read_source(str(text)))
    assert (plain.label, plain.name, plain.text, plain.from_qpy) == (str(text), "bell", "OPENQASM 3;", False)
    first, second = await programs_of(Reader(), str(binary), read_source(str(binary)))
    assert (first.name, first.text, second.name, second.text) == ("two 1", "a", "two 2", "b")
    assert second.label == f"{binary}, circuit 2" and second.from_qpy
    assert (await one_program(Reader(), "-", b"QISKITc")).name == "stdin"
    with pytest.raises(UsageFault, match="holds 2 circuits"):
        await one_program(Reader(), str(binary), read_source(str(binary)))


def test_check_and_run_read_qpy(command_line: CommandLine, tmp_path: Path) -> None:
    two, old, text = qpy_file(tmp_path), tmp_path / "old.qpy", tmp_path / "bell.qasm"
    raw = bytearray(two.read_bytes())
    raw[6] = 12
    old.write_bytes(raw)
    text.write_text(BELL)
    checked = command_line.qdeck("check", str(two), str(old), str(text), "--json")
    assert checked.status == 1
    found = {one["file"]: one for one in json.loads(checked.out)["files"]}
    assert found[f"{two}, circuit 2"]["parameters"] == ["theta"]
    assert {name: one["ok"] for name, one in found.items()} == {
        f"{two}, circuit 1": True,
        f"{two}, circuit 2": True,
        str(old): False,
        str(text): True,
    }
    assert "could hold code" in found[str(old)]["errors"][0]["message"]

    words = ("run", str(two), "-b", "ibm_peekskill", "--shots", "20", "--param", "theta=0,pi", "--json")
    run = command_line.qdeck(*words)
    assert run.status == 0, run.err
    bells, turns = run.answer["pubs"]
    assert sum(bells["counts"][0]["counts"].values()) == 20
    assert len(turns["counts"]) == 2 and turns["counts"][1]["counts"]["1"] > 10
