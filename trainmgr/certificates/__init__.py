"""Certificates of completion and those of others: issued, shown, checked by anybody who holds the code."""
