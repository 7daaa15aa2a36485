"""Guidance: counsellors of both sides, the individual plan in its six steps, tutoring, points and awards."""
