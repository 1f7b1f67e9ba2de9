"""`python -m tui.sandbox`: the sandbox as a process of its own."""

from __future__ import annotations

import sys

from tui.sandbox.main import main

if __name__ == "__main__":
    sys.exit(main())
