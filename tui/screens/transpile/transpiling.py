"""Transpiling for the review: one run or one search at a time, whose outcomes are messages."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message
from textual.worker import Worker

from tui.common.errors import QdeckError
from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.search import SearchProgress, Unavailable
from tui.screens.base import SectionScreen
from tui.screens.workspace import PendingAction


class Transpiled(Message):
    """The compiler or the cloud answered with candidates for this text, best first.

    `searched`: how the search went that has brought them; empty when it was one run. `unavailable`: makers
    that made none. `chosen`: the user has chosen the best of them already.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        source: str,
        pending_action: PendingAction,
        searched: str = "",
        unavailable: Sequence[Unavailable] = (),
        *,
        chosen: bool = False,
    ) -> None:
        super().__init__()
        self.candidates = candidates
        self.source = source
        self.pending_action = pending_action
        self.searched = searched
        self.unavailable = unavailable
        self.chosen = chosen


class SearchNews(Message):
    """A search for the best candidate of this text has made one, or tells how far it is."""

    def __init__(self, news: Candidate | SearchProgress, source: str) -> None:
        super().__init__()
        self.news = news
        self.source = source


class Refused(Message):
    """Transpiling went wrong."""

    def __init__(self, error: QdeckError) -> None:
        super().__init__()
        self.error = error


class TranspileRun:
    """The run of the transpiler that is under way for a screen, or the search; one at the most.

    Args:
        screen: gets the messages: `Transpiled` or `Refused` at the end, `SearchNews` before them.

    Attributes:
        then_submit: the user asked for the form meanwhile.
        picked: the user picked a candidate meanwhile: it stays.
    """

    def __init__(self, screen: SectionScreen) -> None:
        self._screen = screen
        self._worker: Worker[None] | None = None
        self.then_submit = False
        self.picked = False

    @property
    def under_way(self) -> bool:
        """Return whether the transpiler is at work."""
        return self._worker is not None and not self._worker.is_finished

    def start(self, pending_action: PendingAction) -> None:
        """Transpile the circuit of the workspace with its choices, or search for the best candidate.

        Args:
            pending_action: what is to be done with what comes out.
        """
        workspace = self._screen.workspace
        text, backend = workspace.qasm, workspace.backend
        work = (
            self._search(text, backend, pending_action)
            if workspace.search
            else self._transpile(text, backend, workspace.options, pending_action)
        )
        self.picked = self.then_submit = False
        self._worker = self._screen.run_worker(work, group="transpile", exit_on_error=False)

    def stop(self) -> None:
        """Stop it: the compiler really stops."""
        if self._worker is not None:
            self._worker.cancel()
        self.ended()

    def ended(self) -> None:
        """Forget the worker, whose last message came."""
        self._worker = None

    async def _transpile(
        self, text: str, backend: str, options: TranspileOptions, pending_action: PendingAction
    ) -> None:
        screen = self._screen
        try:
            candidate = await screen.services.transpiler.transpile(text, backend, options)
        except QdeckError as error:
            screen.post_message(Refused(error))
        else:
            screen.post_message(Transpiled((candidate,), text, pending_action))

    async def _search(self, text: str, backend: str, pending_action: PendingAction) -> None:
        screen, transpiler = self._screen, self._screen.services.transpiler
        try:
            result = await transpiler.search(
                text,
                backend,
                transpiler.search_options,
                lambda news: screen.post_message(SearchNews(news, text)),
            )
        except QdeckError as error:
            screen.post_message(Refused(error))
        else:
            words = result.progress.words
            screen.post_message(
                Transpiled(result.candidates, text, pending_action, words, result.unavailable)
            )
