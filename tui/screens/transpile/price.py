"""The price of what the submit form says, worked out when its values have settled, and its dry run."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from textual.message import Message
from textual.worker import Worker, WorkerCancelled, get_current_worker

from tui.common.errors import QdeckError
from tui.domain.pricing import DryRun, Price
from tui.domain.submissions import Submission
from tui.monitor.actions.pricing import PricedSubmission, Pricing
from tui.screens.base import SectionScreen
from tui.widgets.forms.price_lines import PriceView, price_lines
from tui.widgets.text.text_widgets import TextBlock

PAUSE = 0.4
"""Seconds after the last change of a value until the job is prepared for its price."""


class PriceBlock(TextBlock):
    """Shows the price of one submission, and never the price of another one.

    For a `SectionScreen`, whose services it asks. Preparing a job takes a tenth of a second to half a minute:
    it is done in the compiler's worker process, and stopped when the form says something else.
    """

    class DryRunEnded(Message):
        """The dry run is over; `error`: why it was not to be had."""

        def __init__(self, error: QdeckError | None = None) -> None:
            super().__init__()
            self.error = error

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draft: Submission | None = None
        self._jobs: Sequence[Submission] = ()
        self._priced: PricedSubmission | None = None
        self._trouble: QdeckError | None = None
        self._dry_run: DryRun | None = None
        self._expects_own = False
        self._pricing: Worker[None] | None = None
        self._dry_running: Worker[None] | None = None

    @property
    def dry_running(self) -> bool:
        """True while the service is asked for a dry run."""
        return self._dry_running is not None and not self._dry_running.is_finished

    def show_draft(self, draft: Submission | None, jobs: Sequence[Submission] = ()) -> None:
        """Show the price of this submission.

        Args:
            draft: as the form says it; `None`: it says none.
            jobs: its circuits as jobs of a batch; empty: they are PUBs of one job.
        """
        same = draft is not None and self._is_current(draft) and len(jobs) == len(self._jobs)
        self._draft, self._jobs = draft, jobs
        if not same:
            self.stop()
            self._priced, self._trouble, self._dry_run = None, None, None
        if draft is not None and self._priced is None and self._trouble is None:
            self._begin(draft)
        self.repaint_price()

    def show_known(self) -> None:
        """Show the price anew: jobs were charged, or the usage is another one."""
        if self._priced is not None:
            pricing, known = self._services_pricing, self._priced
            if known.jobs:
                self._priced = pricing.known_batch(known.submission, known.jobs)
            else:
                self._priced = PricedSubmission(known.submission, pricing.known(known.submission))
        self.repaint_price()

    def forget(self) -> None:
        """Work the price out anew: another account has other jobs, plans and backends."""
        draft, self._draft = self._draft, None
        self.show_draft(draft, self._jobs)

    async def settled(self, draft: Submission, jobs: Sequence[Submission] = ()) -> PricedSubmission | None:
        """Return the submission as it would be sent, and its price; the arguments are those of `show_draft`.

        Returns:
            `None`: the form says something else by now, or it was stopped.

        Raises:
            QdeckError: the job would be refused, or cannot be prepared.
        """
        self.show_draft(draft, jobs)
        if self._pricing is not None:
            with contextlib.suppress(WorkerCancelled):
                await self._pricing.wait()
        if self._is_current(draft) and self._trouble is not None:
            # Whoever asks shows it; perhaps the cause is over by the next time.
            trouble, self._trouble = self._trouble, None
            self.repaint_price()
            raise trouble
        return self.at_hand(draft)

    def at_hand(self, draft: Submission) -> PricedSubmission | None:
        """Return the submission as it would be sent, and its price; `None`: they are not at hand."""
        if self._priced is None or not self._is_current(draft):
            return None
        jobs = tuple(_merged(one, draft, name=one.name, source=one.source) for one in self._priced.jobs)
        submission = _merged(self._priced.submission, draft, name=draft.name, source=draft.source)
        return PricedSubmission(submission, self._price, jobs)

    def ask_dry_run(self, draft: Submission) -> None:
        """Ask the service what the submission would take, unless that is under way."""
        if not self.dry_running:
            work = self._run_dry(draft)
            self._dry_running = self._section.run_worker(work, group="dry-run", exit_on_error=False)
            self.repaint_price()

    def stop(self) -> None:
        """Stop preparing, and the dry run."""
        for worker in (self._pricing, self._dry_running):
            if worker is not None and not worker.is_finished:
                worker.cancel()
        self._pricing = self._dry_running = None
        self.repaint_price()

    def repaint_price(self) -> None:
        """Show what is known."""
        services, candidate = self._section.services, self._section.workspace.candidate
        draft, refusal = self._draft, services.pricing.dry_run_refusal
        view = PriceView(
            price=self._price if self._priced is not None else None,
            pending=self._pricing is not None and not self._pricing.is_finished and self._priced is None,
            trouble="" if self._trouble is None else self._trouble.message,
            usage=services.connection.usage,
            limit=None if draft is None or self._jobs else draft.max_seconds,
            jobs=len(self._jobs) or 1,
            offers_dry_run=services.transpiler.prepares_programs and not self._jobs,
            expects_own=self._expects_own,
            dry_running=self.dry_running,
            refusal="" if refusal is None or self._jobs else refusal.message,
            timed=candidate is None or candidate.duration_us is not None,
        )
        self.show(price_lines(view, max(24, self.size.width)))

    def on_resize(self) -> None:
        """Wrap the lines to the new width."""
        self.repaint_price()

    @property
    def _section(self) -> SectionScreen:
        return cast(SectionScreen, self.screen)

    @property
    def _services_pricing(self) -> Pricing:
        return self._section.services.pricing

    @property
    def _price(self) -> Price:
        assert self._priced is not None
        return replace(self._priced.price, dry_run=self._dry_run)

    def _begin(self, draft: Submission) -> None:
        """Work out the price: at once where nothing has to be prepared for it."""
        if not self._section.services.transpiler.prepares_programs:
            pricing = self._services_pricing
            self._priced = (
                pricing.known_batch(draft, self._jobs)
                if self._jobs
                else PricedSubmission(draft, pricing.known(draft))
            )
        elif self._pricing is None:
            work = self._work_out(draft, self._jobs)
            self._pricing = self._section.run_worker(work, group="price", exit_on_error=False)

    async def _work_out(self, draft: Submission, jobs: Sequence[Submission]) -> None:
        await self._section.clock.sleep(PAUSE)
        pricing = self._services_pricing
        try:
            priced = await (pricing.price_batch(draft, jobs) if jobs else pricing.price(draft))
        except QdeckError as error:
            self._settle(draft, trouble=error)
        else:
            self._settle(draft, priced)

    def _settle(
        self, draft: Submission, priced: PricedSubmission | None = None, trouble: QdeckError | None = None
    ) -> None:
        if self._is_current(draft):
            self._priced, self._trouble, self._pricing = priced, trouble, None
            self._expects_own = priced is not None and priced.price.own is not None
            self.repaint_price()

    async def _run_dry(self, draft: Submission) -> None:
        answer, refused = None, None
        try:
            settled = await self.settled(draft)
            if settled is not None:
                answer = await self._services_pricing.dry_run(settled.submission)
        except QdeckError as error:
            refused = error
        finally:
            if self._dry_running is get_current_worker():
                self._dry_running = None
        if self._is_current(draft):
            self._dry_run = answer
        self.repaint_price()
        self.post_message(self.DryRunEnded(refused))

    def _is_current(self, draft: Submission) -> bool:
        """Return whether the form still says this, as far as it decides the price."""
        return self._draft is not None and _work(self._draft) == _work(draft)


def _work(draft: Submission) -> Submission:
    """Return what of a submission decides its price."""
    return replace(
        draft, tags=(), name="", session_id="", private=False, max_seconds=None, log_level=None, source=""
    )


def _merged(prepared: Submission, draft: Submission, *, name: str, source: str) -> Submission:
    """Return a prepared submission with everything else as the form says it now."""
    return replace(
        prepared,
        tags=draft.tags,
        name=name,
        session_id=draft.session_id,
        private=draft.private,
        max_seconds=draft.max_seconds,
        log_level=draft.log_level,
        source=source,
    )
