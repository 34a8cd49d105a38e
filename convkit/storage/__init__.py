"""Where bytes lie that are no plain local files: members of archives, and objects in object storage.

The rooms above name a file by one text, whatever it is: a path; ``/data/a.zip!/sub/IM1`` for a member of an archive;
``s3://bucket/IM1`` for an object; ``s3://bucket/a.tar!/IM1`` for both. This room knows nothing of DICOM.
"""
