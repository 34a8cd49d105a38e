"""The saved index: a table of instances that is made piece by piece, brought up to date, and stands for its files."""
