"""What became of those who were trained, and the record of their training handed over to the enterprise."""
