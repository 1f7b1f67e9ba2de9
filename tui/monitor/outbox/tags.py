"""Tags: which ones the service takes, and which are qdeck's own."""

from __future__ import annotations

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.submissions import MAX_TAG_LENGTH, MAX_TAGS
from tui.monitor.state.app_state import OWN_TAG


def check_tags(tags: tuple[str, ...], *, room_for_own: bool) -> None:
    """Refuse tags the service would refuse.

    Raises:
        QdeckError: `INVALID`.
    """
    most = MAX_TAGS - 1 if room_for_own else MAX_TAGS
    if len(tags) > most:
        why = " (the service takes 8; qdeck needs one to find the job by)" if room_for_own else ""
        raise QdeckError(ErrorKind.INVALID, f"{len(tags)} tags are too many: at most {most}{why}.")
    for tag in tags:
        if len(tag) > MAX_TAG_LENGTH:
            raise QdeckError(
                ErrorKind.INVALID, f"The tag {tag[:20]}… is longer than {MAX_TAG_LENGTH} characters."
            )
        if OWN_TAG.fullmatch(tag):
            raise QdeckError(ErrorKind.INVALID, f"Tags like {tag} are kept for qdeck's own use.")
