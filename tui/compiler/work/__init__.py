"""What a worker process does with Qiskit. Only `tui.compiler.worker` imports from here."""
