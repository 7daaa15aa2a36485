"""Joint recruitment: the plan both sides sign, the public page, applications, interviews."""
