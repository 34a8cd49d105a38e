"""De-identification: profiles as data, actions as functions, and the walk that brings both to every byte of a file."""
