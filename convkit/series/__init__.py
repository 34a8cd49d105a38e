"""From headers to volumes: group, tell apart, sort, check, load. No vendor is named here; see `convkit.quirks`."""
