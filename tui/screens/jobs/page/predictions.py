"""Predictions of a job's counts, one after the other, each shown as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tui.common.errors import QdeckError
from tui.monitor.actions.evaluation import JobEvaluation
from tui.screens.jobs.page.data import JobData
from tui.widgets.results.counts import Foretold

MOST_FORETOLD: Final = 4
"""PUBs whose results are foretold."""
_COMING: Final = "being simulated …"


async def foretell(
    evaluation: JobEvaluation, job_id: str, data: JobData, changed: Callable[[], object]
) -> None:
    """Have the first PUBs with counts and without parameters simulated, without noise and with it.

    Args:
        evaluation: has it done.
        job_id: the job.
        data: where it is noted, with the reason where there is none.
        changed: called after each step.
    """
    result = data.result
    if result is None or result.dry_run:
        return
    alone = [
        place for place, pub in enumerate(result.pubs) if pub.counts and not any(c.index for c in pub.counts)
    ]
    chosen = alone[:MOST_FORETOLD]
    for pub in chosen:
        data.foretold[pub] = Foretold(ideal_note=_COMING, noisy_note=_COMING)
    changed()
    for pub in chosen:
        try:
            ideal = await evaluation.ideal(job_id, pub)
            data.foretold[pub] = replace(data.foretold[pub], ideal=ideal, ideal_note="")
        except QdeckError as error:
            data.foretold[pub] = replace(data.foretold[pub], ideal_note=str(error))
        changed()
        try:
            noisy = await evaluation.noisy(job_id, pub)
            data.foretold[pub] = replace(data.foretold[pub], noisy=noisy, noisy_note="")
        except QdeckError as error:
            data.foretold[pub] = replace(data.foretold[pub], noisy_note=str(error))
        changed()
