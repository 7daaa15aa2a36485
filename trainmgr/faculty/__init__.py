"""Teachers and masters of both sides: profiles, ratings, qualifications, practice ledger, teams, grades."""
