"""What the editor knows of the language: programs formatted and in the other version."""

from __future__ import annotations

import asyncio

from textual import work

from tui.domain.circuits import version_of
from tui.openqasm.formatter import as_converted, format_program, same_place
from tui.screens.editor.files import EditorFiles


class EditorLanguage(EditorFiles):
    """Changes and explains the text in front by what it means."""

    @work(group="format", exclusive=True, exit_on_error=False)
    async def action_format(self) -> None:
        """Format the text, as one step for undo; the cursor stays at its character."""
        area = self.area
        document, version = area.document, area.document.version
        text = "\n".join(document.lines)
        # A long text takes seconds, in which the user may type on.
        formatted = await asyncio.to_thread(format_program, text)
        if area is not self.area or area.document is not document or document.version != version:
            self.shell.show_notice("The text was changed while it was formatted: it is left as it is.")
            return
        if not area.rewrite(formatted, lambda offset: same_place(text, offset, formatted)):
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
