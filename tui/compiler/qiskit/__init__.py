"""Qiskit in a worker process. Only `tui.compiler.qiskit.worker_main` is started from outside."""
