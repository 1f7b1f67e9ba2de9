"""Quantum programs (`program_id: "executor"`): circuits with arguments or with a samplex that draws them."""
