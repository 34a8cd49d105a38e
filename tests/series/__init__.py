"""Series: grouping, splitting, ordering, spacing, loading."""
