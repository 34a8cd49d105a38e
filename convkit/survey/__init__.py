"""What a data set is made of: statistics over the columns of a table and samples of pixels, told on one page.

`findings` holds what is found; the modules beside it find it (no DICOM here: columns and arrays come in), `figures`
draws it, and `page` writes the HTML.
"""
