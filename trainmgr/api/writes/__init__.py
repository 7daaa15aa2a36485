"""What programs may write, area by area, each through the action that the page uses."""
