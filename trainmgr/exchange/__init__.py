"""What other systems send and take: OneRoster, xAPI, files whose columns a college names itself."""
