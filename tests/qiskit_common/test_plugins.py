"""Plug-ins in the workers: IBM's client is not loaded for them, and one asked for by name is found."""

from __future__ import annotations

import subprocess
import sys

import pytest

WORKER = """
from tui.compiler.qiskit.worker_main import prepare
prepare()
"""
TRANSPILER = """
from tui.sandbox.core.engine import TranspileRequest
from tui.sandbox.simulator.transpile import transpile_all, warm
warm()
assert "qiskit_ibm_runtime" not in sys.modules
bell = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; h q[0]; cx q[0], q[1];'
options = {"translation_method": "ibm_dynamic_circuits"}
(made,) = transpile_all(TranspileRequest(device="ibm_fez", qasm=[bell], options=options))
assert "cz" in made.qasm
"""


@pytest.mark.parametrize(
    ("code", "loaded"), [(WORKER, False), (TRANSPILER, True)], ids=["compiler", "sandbox"]
)
def test_worker_loads_ibms_client_only_for_who_asks_for_its_plugin(code: str, loaded: bool) -> None:
    check = f"assert ('qiskit_ibm_runtime' in sys.modules) is {loaded}"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{check}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
