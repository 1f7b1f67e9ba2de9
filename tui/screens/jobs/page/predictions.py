"""Predictions of a job's result, one after the other, each shown as soon as it is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from tui.common.errors import QdeckError
from tui.domain.results import PubResult
from tui.monitor.actions.predictions import Predictions
from tui.screens.jobs.page.data import JobData
from tui.widgets.results.counts import Foretold

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
        for kind in ("ideal", "noisy"):
            try:
                name, found = await _foretold(
                    predictions, job_id, place, data, changed, noisy=kind == "noisy"
                )
                data.foretold[place] = _with(
                    data.foretold[place], {f"{kind}{name}": found, f"{kind}_note": ""}
                )
            except QdeckError as error:
                data.foretold[place] = _with(data.foretold[place], {f"{kind}_note": str(error)})
            changed()


async def _foretold(
    predictions: Predictions,
    job_id: str,
    place: int,
    data: JobData,
    changed: Callable[[], object],
    *,
    noisy: bool,
) -> tuple[str, object]:
    """The end of the field's name, and what was simulated."""
    assert data.result is not None
    pub = data.result.pubs[place]
    kind = "noisy" if noisy else "ideal"

    def tell(done: int) -> None:
        of = pub.sweep.sets if pub.sweep is not None else 1
        if done < of:
            words = f"{_COMING[:-1]}{done:,} of {of:,} places …"
            data.foretold[place] = _with(data.foretold[place], {f"{kind}_note": words})
            changed()

    if not pub.counts:
        return "_values", await predictions.values(job_id, place, noisy=noisy, tell=tell)
    if _swept(pub):
        return "_places", await predictions.places(job_id, place, pub, noisy=noisy, tell=tell)
    simulate: Callable[[str, int], Awaitable[object]] = predictions.noisy if noisy else predictions.ideal
    return "", await simulate(job_id, place)


def _swept(pub: PubResult) -> bool:
    return any(counts.index for counts in pub.counts)


def _with(known: Foretold, changes: dict[str, object]) -> Foretold:
    return replace(known, **changes)  # type: ignore[arg-type]  # the names are made above
