"""What every command shares: options, failures, exit status, what is printed."""
