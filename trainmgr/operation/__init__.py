"""Running an installation: jobs, the trail, backup and restore, keys, retention."""
