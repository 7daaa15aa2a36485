"""Indicators as data, computed from records; dashboards; the evaluation by an outside assessor."""
