"""Vendor oddities: each fires on its vendor and leaves a look-alike alone."""
