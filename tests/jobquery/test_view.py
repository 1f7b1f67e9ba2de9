"""Views with names, in order and in number."""

from __future__ import annotations

from tui.jobquery.job_list import Grouping, Order
from tui.jobquery.view import MAX_VIEWS, ColumnChoice, JobView, SavedView


def test_saved_view_brings_back_what_was_saved() -> None:
    view = JobView((ColumnChoice("name", 9),), Order("qpu", True), Grouping.SESSION, (), "tag:a")
    saved = view.as_saved("platform lab", "mine")
    again = JobView().with_view(saved).showing(saved)
    assert again.as_saved("platform lab", "mine") == saved
    assert again.name == "mine"


def test_views_of_one_account_stand_by_name_and_are_replaced() -> None:
    view = JobView()
    for account, name in (("a", "two"), ("a", "One"), ("b", "one"), ("a", "two")):
        view = view.with_view(SavedView(name, account))
    assert [one.name for one in view.views_of("a")] == ["One", "two"]
    assert view.view_of("b", "two") is None
    assert [one.name for one in view.without_view("a", "two").views_of("a")] == ["One"]


def test_views_are_so_many_that_the_oldest_goes() -> None:
    view = JobView()
    for number in range(MAX_VIEWS + 1):
        view = view.with_view(SavedView(str(number)))
    assert len(view.views) == MAX_VIEWS
    assert view.views[0].name == "1"
