"""What `convkit.report` is made of: series to rows, rows to findings, pixels to samples. Nothing prints or draws."""
