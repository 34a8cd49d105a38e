"""Runs tasks on the workers of a Dask cluster that is there already; nobody else knows Dask.

Each item travels as bytes under a key that says nothing, so neither scheduler nor dashboard see a path. A worker takes
one item at a time, however many threads it has, because tasks expect a process of their own; and none at all where it
is another version of convkit or sees other folders than we do. Quick items that come while we still connect are done
here.
"""
