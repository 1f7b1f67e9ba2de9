"""Circuits that run with the one under review: transpiled in the same way, in one job or in a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.sessions import SessionMode
from tui.domain.submissions import Submission
from tui.monitor.services import AppServices
from tui.screens.dialogs.together import NamedText, Together
from tui.screens.workspace import Workspace
from tui.widgets.forms.submit_form import Source

_MOST_KEPT = 200
"""Candidates of further circuits that are kept."""


class _Way(NamedTuple):
    """How a circuit was transpiled: what was made in the same way is used again."""

    text: str
    backend: str
    how: str


class FurtherCircuits:
    """Transpiles the circuits that run with another one, each once.

    Attributes:
        chosen: circuits, and how they are run.
        trouble: why one of them could not be transpiled; `None` while nothing is known of that.
    """

    def __init__(self) -> None:
        self.chosen = Together()
        self.trouble: QdeckError | None = None
        self._made: dict[_Way, Candidate] = {}

    def choose(self, chosen: Together) -> None:
        """Run these circuits from now on."""
        self.chosen, self.trouble = chosen, None

    def follow(self, texts: Iterable[NamedText]) -> None:
        """Take texts under edit as they stand by now."""
        now = {one.key: one for one in texts}
        circuits = tuple(now.get(one.key, one) for one in self.chosen.circuits)
        if circuits != self.chosen.circuits:
            self.choose(replace(self.chosen, circuits=circuits))

    def sources(self, candidate: Candidate, *, search: bool) -> tuple[Source, ...] | None:
        """Return the circuits as they run with a candidate.

        Args:
            candidate: of the circuit under review: they go to its backend, transpiled with its options.
            search: each is the best of a search.

        Returns:
            Them; `None` while one is still to be transpiled.
        """
        found: list[Source] = []
        for one in self.chosen.circuits:
            made = self._made.get(_way(one.text, candidate, search=search))
            if made is None:
                return None
            found.append(Source(made, one.text, one.name))
        return tuple(found)

    async def make(self, services: AppServices, candidate: Candidate, *, search: bool) -> None:
        """Transpile those that are still to be; what goes wrong is in `trouble`."""
        self.trouble = None
        for one in self.chosen.circuits:
            way = _way(one.text, candidate, search=search)
            if way in self._made:
                continue
            try:
                self._made[way] = await _transpiled(services, one.text, candidate, search=search)
            except QdeckError as error:
                named = f"{plain(one.name, limit=60)}: {error.message}"
                self.trouble = QdeckError(error.kind, named, error.advice)
                return
        for oldest in list(self._made)[:-_MOST_KEPT]:
            del self._made[oldest]


def _way(text: str, candidate: Candidate, *, search: bool) -> _Way:
    how = f"search by {candidate.calibrated}" if search else f"{candidate.options} {candidate.calibrated}"
    return _Way(text, candidate.backend, how)


async def _transpiled(services: AppServices, text: str, candidate: Candidate, *, search: bool) -> Candidate:
    if not search:
        return await services.transpiler.transpile(text, candidate.backend, candidate.options)
    found = await services.transpiler.search(text, candidate.backend, services.transpiler.search_options)
    return found.candidates[0]


async def submit_as_batch(services: AppServices, jobs: Sequence[Submission]) -> str:
    """Submit jobs in the session chosen for them, or in a batch that takes no others.

    Args:
        jobs: of one backend, with a circuit each.

    Returns:
        What happened, in words.

    Raises:
        QdeckError: the batch cannot be opened, or a job is refused; those before it are there.
    """
    session_id, backend = jobs[0].session_id, jobs[0].backend
    opened = "" if session_id else (await services.sessions.open(backend, SessionMode.BATCH)).id
    try:
        for job in jobs:
            await services.outbox.submit(replace(job, session_id=session_id or opened))
    finally:
        if opened:
            await services.sessions.drain(opened)
    where = f"batch {plain(opened or session_id, limit=60)}"
    return f"Submitted {len(jobs)} jobs in {where}."


def other_texts(workspace: Workspace) -> list[NamedText]:
    """Return the texts under edit but the one in front, each that is not empty."""
    return [
        NamedText(
            str(one.path) if one.path is not None else f"#{one.number}",
            one.name,
            "in the editor" if one.path is None else f"in the editor: {one.path}",
            one.text,
        )
        for one in workspace.buffers
        if one is not workspace.front and one.text.strip()
    ]
