"""How pictures come about, for the jobs `preview` and `render`.

`shots` reads the little that planning needs, `plan` names every picture, `tasks` runs in the workers: it opens an
`image_file` and makes pictures of what is `stored`, or of a volume that is `viewed`, in the `look` that was asked for,
with what is `laid_over` them. `tally` sums up a series, and `gallery` makes the page.
"""
