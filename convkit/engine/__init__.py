"""Runs tasks over items in one or many processes, gathers their outcomes, and remembers what is finished."""
