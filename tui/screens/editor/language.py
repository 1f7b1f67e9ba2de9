"""What the editor knows of the language: gates explained, programs formatted and in the other version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from textual import on, work
from textual.content import Content
from textual.widgets import TextArea

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.openqasm import version_of
from tui.monitor.services import AppServices
from tui.openqasm.analysis.declarations import SymbolKind
from tui.openqasm.formatter import as_converted
from tui.openqasm.gates import MEANINGS, GateAtCursor, gate_at, gate_called
from tui.screens.base import HelpTopic
from tui.screens.drafts import DraftKeeper
from tui.screens.editor.files import EditorFiles
from tui.screens.editor.typing_help import TypingHelp
from tui.screens.help import HelpScreen
from tui.screens.workspace import Buffer, Workspace
from tui.widgets.circuit.language.completing_text import CompletingText
from tui.widgets.circuit.language.gate_card import GateCard, gate_card_lines, short_card
from tui.widgets.circuit.line_editing import offset_of
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.text.styled_text import StyledLine


class GateTopic:
    """The card of a gate, for the help.

    Args:
        services: asked what becomes of it.
        backend: the backend chosen; empty: none.
        gate: the gate.
    """

    def __init__(self, services: AppServices, backend: str, gate: GateAtCursor) -> None:
        self._services = services
        self._card = GateCard(gate, backend)

    def lines(self, width: int) -> Sequence[StyledLine]:
        """Return what is known of the gate."""
        return gate_card_lines(self._card, width)

    async def load(self) -> None:
        """Ask Qiskit; what hinders it is said in the card."""
        gate, backend = self._card.gate, self._card.backend
        try:
            facts = await self._services.transpiler.gate_facts(
                gate.program, gate.signature, backend, gate.qubits
            )
            self._card = replace(self._card, facts=facts)
        except QdeckError as error:
            self._card = replace(self._card, trouble=plain(str(error), limit=400))


class EditorLanguage(EditorFiles):
    """Changes and explains the text in front by what it means."""

    def __init__(
        self, services: AppServices, workspace: Workspace, drafts: DraftKeeper, placeholder: Content
    ) -> None:
        super().__init__(services, workspace, drafts, placeholder)
        enabled = workspace.completes
        self.typing_help = TypingHelp(services.analyzer, lambda: self.area, enabled=enabled, id="hint")

    @on(TextArea.Changed)
    def _names_changed(self) -> None:
        self.typing_help.text_changed()

    @on(CompletingText.Assisted)
    def _assisted(self, message: CompletingText.Assisted) -> None:
        if message.area is self.area:
            self.typing_help.assist(message.offered, message.due)

    def help_topic(self) -> HelpTopic | None:
        """Return the card of the gate at the cursor; `None` where there is none."""
        table = self.typing_help.table()
        return self._topic(gate_at(table, table.offset(*self.area.cursor_location)))

    def _prepare(self, buffer: Buffer, area: QasmEditor) -> None:
        super()._prepare(buffer, area)
        area.on_hover = partial(self._told_of, area)

    def _told_of(self, area: QasmEditor, place: tuple[int, int]) -> str | None:
        """What a tooltip says of the word at a place: of a gate, what it means."""
        if area is not self.area or (table := self.typing_help.known()) is None:
            return None
        gate = gate_at(table, table.offset(*place))
        return short_card(gate) if gate is not None else None

    def palette(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        """List the cards of the gates that the program may use."""
        table = self.typing_help.table()
        own = {one.name for one in table.symbols if one.kind is SymbolKind.GATE}
        for name in [*sorted(own), *(name for name in MEANINGS if name not in own)]:
            gate = gate_called(table, name, len(table.text))
            if gate is not None:
                told = short_card(gate).partition("\n")[2]
                yield f"Gate {name}", told, partial(self._show_card, gate)

    def _show_card(self, gate: GateAtCursor) -> None:
        self.app.push_screen(HelpScreen("", (), self._topic(gate)))

    def _topic(self, gate: GateAtCursor | None) -> HelpTopic | None:
        return GateTopic(self.services, self.workspace.backend, gate) if gate is not None else None

    @work(group="format", exclusive=True, exit_on_error=False)
    async def action_format(self) -> None:
        """Format the text, as one step for undo; the cursor stays at its character."""
        area = self.area
        document, version = area.document, area.document.version
        lines = document.lines
        places = tuple(offset_of(lines, place) for place in area.selection)
        # A long text takes seconds, in which the user may type on.
        formatted, then = await self.services.analyzer.format("\n".join(lines), places)
        await asyncio.sleep(
            0
        )  # a key comes in between: reading the answer and the change take some 20 ms each
        if area is not self.area or area.document is not document or document.version != version:
            self.shell.show_notice("The text was changed while it was formatted: it is left as it is.")
        elif not area.rewrite(formatted, dict(zip(places, then, strict=True)).__getitem__):
            self.shell.show_notice("The text is formatted already.")

    @work(group="convert", exclusive=True, exit_on_error=False)
    async def action_convert(self) -> None:
        """Write the circuit in the other version of OpenQASM, as a text of its own."""
        text, name = self.workspace.qasm, self.workspace.name
        if not text.strip():
            self.shell.show_notice("There is no circuit yet.")
            return
        version = 3 if version_of(text) == 2 else 2
        converted = as_converted(text, await self.services.compiler.convert(text, version))
        buffer = self.workspace.open(f"{name}-qasm{version}", converted)
        buffer.saved, buffer.touched = "", True  # it is in no file
        self._show_front()
        self.shell.show_notice(
            f"This is {name} in OpenQASM {version}: the same circuit, without its comments."
        )
