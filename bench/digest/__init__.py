"""`seatrial digest` beside pt-query-digest."""
