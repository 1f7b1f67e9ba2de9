"""The submit form alone: what it says of the price where quantum programs are sent."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tests.support.circuits import bell_candidate
from tui.domain.jobs import Primitive
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.submit_form import SubmitForm
from tui.widgets.terminal.themes import THEMES, ThemeName


class FormApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = ThemeName.FULL

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"cursor": "#3a3a3a", "cursor-text": "#ffffff", "rule": "#444444"}

    def compose(self) -> ComposeResult:
        yield SubmitForm()


def estimate(form: SubmitForm) -> str:
    return " ".join(span.text.strip() for one in form._estimate_lines(80) for span in one)


@pytest.mark.parametrize(
    ("primitive", "programs", "level", "told"),
    [
        (Primitive.ESTIMATOR, True, "", True),
        (Primitive.ESTIMATOR, True, "2", True),
        (Primitive.ESTIMATOR, True, "0", False),
        (Primitive.ESTIMATOR, False, "", False),
        (Primitive.SAMPLER, True, "", False),
    ],
)
async def test_estimate_says_that_mitigation_is_not_counted(
    primitive: Primitive, programs: bool, level: str, told: bool
) -> None:
    app = FormApp()
    async with app.run_test() as pilot:
        form = app.query_one(SubmitForm)
        form.show_candidate(bell_candidate())
        form.offer_options(programs)
        form.query_one("#primitive", SearchableSelect).value = primitive
        form.query_one("#resilience", SearchableSelect).value = level
        await pilot.pause()
        assert ("mitigation runs more circuits" in estimate(form)) is told
