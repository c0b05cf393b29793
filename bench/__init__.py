"""Measurements, side by side with the peer in one run; never asserted by a test."""
