"""The wire to the terminal: no cell is sent that the terminal already shows."""
