"""Contests by college and enterprise: entries, judges, scores, ranking, prizes, and the ledger of awards."""
