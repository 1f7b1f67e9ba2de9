"""What is imported when: the app process never holds Qiskit, and a quick command imports little."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "qiskit",
    "qiskit_aer",
    "stim",
    "qiskit_ibm_runtime",
    "numpy",
    "scipy",
    "starlette",
    "uvicorn",
    "pydantic",
    "keyring",
    "distributed",
    "dask",
    "pytket",
    "tui.qiskit_common",
    "tui.compiler.qiskit",
}


def modules_after(statement: str) -> set[str]:
    """The names in `sys.modules` of a fresh interpreter after `statement`."""
    script = f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_app_process_never_imports_qiskit_or_the_sandbox_server() -> None:
    everything = (
        "import tui.app, tui.screens, tui.widgets, tui.monitor, tui.ibm, tui.store, tui.openqasm, tui.cli\n"
        "import tui.compiler.client"
    )
    walk = """
import importlib, pkgutil
for package in (tui.screens, tui.widgets, tui.monitor, tui.ibm, tui.store, tui.openqasm):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
"""
    loaded = modules_after(f"{everything}{walk}")
    assert {"textual", "httpx", "tinydb"} <= loaded, "the walk did not reach what the app is made of"
    assert loaded & HEAVY == set()


def test_first_picture_imports_no_http_no_lock_no_lexer_and_no_dialog() -> None:
    loaded = modules_after(
        "from tui.app import QDeckApp\n"
        "from tui.commands.shared.context import make_services\n"
        "make_services({'QDECK_HOME': '/nonexistent'})"
    )
    assert {"tui.screens.jobs.screen", "tui.store.repository"} <= loaded
    late = {"httpx", "filelock", "pygments", "email"}
    late |= {"textual.widgets._text_area", "tui.ibm.transport.client", "tui.sandbox.lifecycle.launch"}
    late |= {"tui.screens.dialogs.confirm", "tui.screens.dialogs.pick", "tui.screens.dialogs.prompt"}
    assert loaded & late == set()


def test_commands_import_neither_qiskit_nor_textual() -> None:
    walk = """
import importlib, pkgutil, tui.commands
for module in pkgutil.walk_packages(tui.commands.__path__, "tui.commands."):
    importlib.import_module(module.name)
"""
    loaded = modules_after(walk)
    assert "tui" in loaded
    assert loaded & (HEAVY | {"textual"}) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "import tui.cli",
        "import tui.cli; tui.cli.main(['--version'])",
        "import tui.cli; tui.cli.main(['run', '--help'])",
    ],
)
def test_version_and_help_import_click_alone(statement: str) -> None:
    loaded = modules_after(statement)
    assert "click" in loaded
    assert loaded & (HEAVY | {"textual", "httpx", "tinydb", "pygments", "msgspec", "asyncio"}) == set()
