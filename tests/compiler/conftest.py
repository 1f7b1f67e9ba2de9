from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tui.compiler.client import ProcessCompiler


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def warm() -> AsyncIterator[ProcessCompiler]:
    """A compiler that the tests of this folder share: a worker takes seconds to warm."""
    compiler = ProcessCompiler()
    yield compiler
    await compiler.aclose()
