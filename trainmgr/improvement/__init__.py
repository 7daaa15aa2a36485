"""From a finding to a change: items with standard, person, date and evidence, into the next edition."""
