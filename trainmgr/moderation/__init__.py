"""Where the parties part: both see both, may revise, or a moderator decides; and a trainee's appeal."""
