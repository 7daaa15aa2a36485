"""What reaches people outside their inbox: mail, group robots, the digest, quiet hours."""
