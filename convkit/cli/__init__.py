"""The command line: parses, prints, exits. Every write to a stream is here."""
