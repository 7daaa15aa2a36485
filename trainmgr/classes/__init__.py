"""Classes of a programme: balanced splits, merging, moves with history, the class space, exchanges."""
