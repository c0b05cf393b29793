"""Many rehearsals of one cutover."""
