"""`seatrial load` beside mydumper and myloader."""
