"""Documents and videos inside of DICOM: told apart from images, and the page that takes the place of a PDF."""

from __future__ import annotations

from convkit.deid.pixels.facts import text
from convkit.deid.pixels.risk import DOCUMENTS
from convkit.dicom import syntaxes
from convkit.dicom.tree import Tree

_ENCAPSULATED_DOCUMENT, _SOP_CLASS = 0x00420011, 0x00080016


def is_document(tree: Tree) -> bool:
    """True where an object holds a document: PDF, CDA, or a model to be printed (PS3.3 A.45)."""
    for element in tree.elements:
        if element.tag == _ENCAPSULATED_DOCUMENT:
            return True
        if element.tag == _SOP_CLASS and text(element).startswith(DOCUMENTS):
            return True
    return False


def is_video(tree: Tree) -> bool:
    """True where the pixels are a video stream."""
    return tree.transfer_syntax in syntaxes.VIDEO


def empty_pdf(title: str = "Removed by de-identification") -> bytes:
    """A PDF of one page that says nothing but its title; of even length, the same bytes every time.

    Parameters
    ----------
    title : str
        Printed on the page; what is not ASCII becomes a question mark.
    """
    said = title.encode("ascii", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    page = b"BT /F1 18 Tf 72 720 Td (" + said + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    file = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return file + b"\n" * (len(file) % 2)
