"""Accounts that are found or saved: environment, own file, Qiskit's file, system keyring."""
