"""How pictures come about, for the jobs `preview` and `render`.

`choices`, `names` and `look` are what a user can ask for. `shots` reads the little that planning needs (plain images
are `prepared` at once), and `plan` names every picture. `tasks` runs in the workers: it opens an `image_file` and makes
pictures of what is `stored`, or of a volume that is `viewed`, with what is `laid_over` them. `tally` sums up a series,
and `gallery` makes the page.
"""
