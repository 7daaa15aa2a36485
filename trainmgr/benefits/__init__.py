"""What the cooperation yields: research and products, a programme's income and its split, subsidy claims."""
