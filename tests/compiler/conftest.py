from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tui.compiler.client import Compiler


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def warm() -> AsyncIterator[Compiler]:
    """A compiler that the tests of this folder share: a worker takes seconds to warm."""
    compiler = Compiler()
    yield compiler
    await compiler.aclose()
