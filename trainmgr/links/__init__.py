"""Personal links for mentors without an account: issued, opened with a code, narrow, revocable, audited."""
