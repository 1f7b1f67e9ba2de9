"""How the user wants the job table, kept by several qdecks at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from tui.config import view_settings
from tui.config.view_settings import NAME, change_view, load_view
from tui.jobquery.job_list import Order
from tui.jobquery.view import MAX_FILTER_LENGTH, MAX_VIEWS, ColumnChoice, JobView, SavedFilter, SavedView


def _with(view: JobView, name: str) -> JobView:
    return replace(view, filters=(*view.filters, SavedFilter(name, f"name:{name}")))


def test_view_settings_save_a_filter_under_a_lock(tmp_path: Path) -> None:
    tried = []

    def change(view: JobView) -> JobView:
        # Another qdeck that wants to save one now has to wait until this one is written.
        with pytest.raises(Timeout):
            FileLock(str(tmp_path / NAME) + ".lock").acquire(timeout=0)
        tried.append(view)
        return _with(view, "mine")

    change_view(tmp_path, change)
    assert len(tried) == 1
    change_view(tmp_path, lambda view: _with(view, "theirs"))
    assert [one.name for one in load_view(tmp_path).filters] == ["mine", "theirs"]


def test_view_settings_give_up_on_a_lock_that_is_never_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_settings, "_LOCK_SECONDS", 0.0)
    with FileLock(str(tmp_path / NAME) + ".lock"), pytest.raises(OSError, match="another qdeck"):
        change_view(tmp_path, lambda view: view)


def test_view_settings_of_most_and_longest_views_are_read_again(tmp_path: Path) -> None:
    columns = tuple(ColumnChoice(f"column-{number}", 10) for number in range(100))
    views = tuple(
        SavedView(f"view-{number}", "platform lab", "x" * MAX_FILTER_LENGTH, columns)
        for number in range(MAX_VIEWS)
    )
    change_view(tmp_path, lambda view: replace(view, views=views))
    assert load_view(tmp_path).views == views


def test_view_settings_leave_out_views_that_cannot_be(tmp_path: Path) -> None:
    wrong = SavedView("long", filter="x" * (MAX_FILTER_LENGTH + 1))
    strange = SavedView("strange", order=Order("nonsense"), columns=(ColumnChoice("name", -5),))
    change_view(tmp_path, lambda view: replace(view, views=(wrong, strange), filter=wrong.filter))
    view = load_view(tmp_path)
    assert view.filter == ""
    assert view.views == (SavedView("strange", columns=(ColumnChoice("name", 0),)),)
