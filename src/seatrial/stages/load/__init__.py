"""Moves the rows: attaches the source, copies, follows. Vitess does the work; its state is what is believed."""
