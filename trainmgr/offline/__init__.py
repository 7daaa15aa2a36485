"""The app on a phone without a network: what is installed, what the worker keeps, the list of logs that wait."""
