"""How figures are computed, by name: each measure selects the records behind its figure with what each adds to it."""
