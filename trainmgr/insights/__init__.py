"""What ratings say together: agreement, leniency, comparisons, and what small groups keep hidden."""
