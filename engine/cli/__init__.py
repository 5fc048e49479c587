"""One file per command: arguments, exit codes, output."""
