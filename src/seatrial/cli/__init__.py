"""One thin file a command: asks for passwords, draws events, prints faults. Decides nothing."""
