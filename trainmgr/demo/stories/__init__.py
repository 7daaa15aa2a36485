"""The cases of the demo, each a short history."""
