"""The only rooms that know drivers, subprocesses and other programs' output."""
