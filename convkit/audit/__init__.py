"""The auditor: reads outputs of any program and looks for what identifies a person and for broken references.

It trusts nobody: it has a DICOM reader of its own and shares no rule with the room that de-identifies, so that a
mistake there is not repeated here. It changes nothing, and it never gives a value away unless it is asked to.
"""
