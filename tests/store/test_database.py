from __future__ import annotations

from tui.store.database import _KeyIndex


def test_key_index_forgets_a_key_only_with_its_own_document() -> None:
    index = _KeyIndex()
    index.add(("platform", "a"), 1)
    index.add(("platform", "b"), 2)
    index.add(("platform", "a"), 5)
    assert index.next_number == 6
    assert index.pop(1) is None and index.numbers == {("platform", "a"): 5, ("platform", "b"): 2}
    assert index.pop(1) is None and index.pop(7) is None
    assert index.pop(5) == ("platform", "a") and index.numbers == {("platform", "b"): 2}
    index.add(("platform", "c"), 3)
    assert index.next_number == 6 and index.keys == {2: ("platform", "b"), 3: ("platform", "c")}
