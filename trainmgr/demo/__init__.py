"""Invented people in real structures, loaded at the first start."""
