"""The submit form alone: its notes, and the draft it makes."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input

from tests.support.circuits import BELL, bell_candidate
from tui.domain.jobs import Primitive
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.submit_form import Source, SubmitForm
from tui.widgets.forms.submit_validation import FieldError
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


def notes(form: SubmitForm) -> str:
    return " ".join(span.text.strip() for one in form._note_lines(80) for span in one)


@pytest.mark.parametrize(
    ("primitive", "programs", "told"),
    [
        (Primitive.ESTIMATOR, True, False),
        (Primitive.ESTIMATOR, False, True),
        (Primitive.SAMPLER, True, False),
        (Primitive.SAMPLER, False, False),
    ],
)
async def test_form_says_where_groups_of_observables_are_not_counted(
    primitive: Primitive, programs: bool, told: bool
) -> None:
    app = FormApp()
    async with app.run_test() as pilot:
        form = app.query_one(SubmitForm)
        form.show_candidate(bell_candidate())
        form.offer_options(programs)
        form.query_one("#primitive", SearchableSelect).value = primitive
        await pilot.pause()
        assert ("Each group of observables" in notes(form)) is told


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("shots", "0", "Shots:"),
        ("tags", ",".join("abcdefghi"), "Tags:"),
        ("max-seconds", "0", "QPU limit:"),
    ],
)
async def test_draft_of_a_value_that_cannot_be_meant_names_its_field(
    field: str, value: str, words: str
) -> None:
    app = FormApp()
    async with app.run_test() as pilot:
        form = app.query_one(SubmitForm)
        form.query_one(f"#{field}", Input).value = value
        await pilot.pause()
        with pytest.raises(FieldError, match=words) as refused:
            form.draft(Source(bell_candidate(), BELL))
        assert refused.value.field == field
        assert not form.query_one(f"#{field}", Input).has_class("-wrong"), "a draft shows nothing"
