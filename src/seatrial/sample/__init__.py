"""The demo business: a plain MySQL, its schema and rows, its traffic, and the truth about what that traffic did."""
