"""The plug-ins of Qiskit's transpiler that a worker process loads."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final

from stevedore import ExtensionManager

TRANSLATION: Final = "qiskit.transpiler.translation"
"""Name by which plug-ins for the translation to a device's gates are found."""


def use_own_plugins() -> None:
    """Have Qiskit find no plug-ins for translation but its own, in this process.

    For each stage Qiskit loads every plug-in that is installed, whether it is used or not. Those for
    translation by `qiskit-ibm-runtime` load IBM's whole client: 1.2 s of a processor and 125 MB, where a
    worker needs 0.7 s and 110 MB without them. No circuit becomes another: without a backend of that client
    they are used by name alone, and angles of `rzz` out of bounds are folded by `target.folded_rzz`.
    """
    own = [plugin for plugin in entry_points(group=TRANSLATION) if plugin.value.startswith("qiskit.")]
    ExtensionManager.ENTRY_POINT_CACHE[TRANSLATION] = own


def use_all_plugins() -> None:
    """Have Qiskit find every plug-in that is installed, for who asks for one by name."""
    ExtensionManager.ENTRY_POINT_CACHE.pop(TRANSLATION, None)
