"""One trial: its settings, the table of steps, and the running of one step over a dossier."""
