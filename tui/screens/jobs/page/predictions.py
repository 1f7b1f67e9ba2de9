"""Predictions of a job's result, one after the other, each shown as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tui.domain.statistics.predictions import Foretold
from tui.monitor.actions.predictions import Predictions
from tui.screens.jobs.page.data import JobData

MOST_FORETOLD: Final = 4
"""PUBs whose results are foretold."""
_COMING: Final = "being simulated …"


async def foretell(
    predictions: Predictions, job_id: str, data: JobData, changed: Callable[[], object]
) -> None:
    """Have the first PUBs with counts or values simulated, without noise and with it.

    Args:
        predictions: has it done.
        job_id: the job.
        data: where it is noted, with the reason where there is none.
        changed: called after each step.
    """
    result = data.result
    if result is None or result.dry_run:
        return
    chosen = [place for place, pub in enumerate(result.pubs) if pub.counts or pub.values][:MOST_FORETOLD]
    for place in chosen:
        data.foretold[place] = Foretold(ideal_note=_COMING, noisy_note=_COMING)
    changed()
    for place in chosen:
        pub = result.pubs[place]
        for noisy in (False, True):

            def tell(done: int, *, place: int = place, noisy: bool = noisy) -> None:
                sweep = result.pubs[place].sweep
                if sweep is not None and done < sweep.sets:
                    words = f"{_COMING[:-1]}{done:,} of {sweep.sets:,} places …"
                    known = data.foretold[place]
                    data.foretold[place] = (
                        replace(known, noisy_note=words) if noisy else replace(known, ideal_note=words)
                    )
                    changed()

            known = data.foretold[place]
            data.foretold[place] = await predictions.of_pub(job_id, place, pub, known, noisy=noisy, tell=tell)
            changed()
        if not place:
            await predictions.keep_fidelity(job_id, pub, data.foretold[place])
