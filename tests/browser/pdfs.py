"""PDF files, written as ISO 32000-1 says: good ones, and those that are sent to do harm."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence

PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
"""Of passwords (7.6.3.3, algorithm 2)."""

FILE_ID = bytes(16)
CATALOG, PAGES, FONT = 1, 2, 3
"""The numbers of the objects that every file here has."""

HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def stream(data: bytes, entries: bytes = b"") -> bytes:
    head = b"<< /Length %d %s >>" % (len(data), entries)
    return head + b"\nstream\n" + data + b"\nendstream"


def flate(data: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), b"/Filter /FlateDecode " + entries)


def numbered(number: int, text: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, text)


def assembled(objects: dict[int, bytes], trailer: bytes = b"") -> bytes:
    """The file: a header, the objects by their numbers, the table of where they are, a trailer."""
    body = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    places: dict[int, int] = {}
    for number, text in objects.items():
        places[number] = len(body)
        body += numbered(number, text)
    size = max(objects) + 1
    table = b"".join(
        b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
        for number in range(size)
    )
    end = b"<< /Size %d /Root %d 0 R %s >>" % (size, CATALOG, trailer)
    return b"%sxref\n0 %d\n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (
        *(body, size, table, end),
        len(body),
    )


def shown(text: str) -> bytes:
    """What draws the lines of a text in the font F."""
    lines = (line.encode("cp1252") for line in text.split("\n"))
    escaped = (
        line.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)") for line in lines
    )
    return b"BT /F 12 Tf 14 TL 72 720 Td %s ET" % b" ".join(b"(%s) Tj T*" % one for one in escaped)


def pages_of(contents: Sequence[bytes], font: bytes = HELVETICA) -> dict[int, bytes]:
    """The objects of a file with a page for each content, which is a stream."""
    first = FONT + 1
    objects = {
        CATALOG: b"<< /Type /Catalog /Pages %d 0 R >>" % PAGES,
        PAGES: b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (len(contents), b" ".join(b"%d 0 R" % (first + 2 * at) for at in range(len(contents)))),
        FONT: font,
    }
    for at, content in enumerate(contents):
        number = first + 2 * at
        objects[number] = (
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F %d 0 R >> >> >>"
        ) % (PAGES, number + 1, FONT)
        objects[number + 1] = content
    return objects


def pdf(*texts: str) -> bytes:
    """A file with a page for each text."""
    return assembled(pages_of([flate(shown(text)) for text in texts]))


def chinese(text: str) -> bytes:
    """In a font that is not in the file, by an encoding that only its name says."""
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /GBK-EUC-H "
        b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 "
        b"/FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 4 "
        b"/FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 /Descent -200 /StemV 80 >> >>] >>"
    )
    drawn = b"BT /F 12 Tf 72 720 Td <%s> Tj ET" % text.encode("gbk").hex().encode()
    return assembled(pages_of([flate(drawn)], font))


GREY = flate(
    b"\x80" * 10_000,
    b"/Type /XObject /Subtype /Image /Width 100 /Height 100 /ColorSpace /DeviceGray "
    b"/BitsPerComponent 8",
)
BLACK = stream(
    # A page of 100 by 100 black points, and nothing drawn on it (ITU-T T.88, 7.2 and 7.4.8).
    bytes.fromhex("00000000 30 00 01 00000013 00000064 00000064 00000000 00000000 04 0000"),
    b"/Type /XObject /Subtype /Image /Width 100 /Height 100 /ColorSpace /DeviceGray "
    b"/BitsPerComponent 1 /Filter /JBIG2Decode",
)
"""As scanners compress what is black and white; a decoder of the library's own is needed."""


def scanned(pages: int = 1, picture: bytes = GREY) -> bytes:
    """Pages with a picture and no text."""
    objects = pages_of([stream(b"q 400 0 0 400 100 200 cm /I Do Q")] * pages)
    number = max(objects) + 1
    objects[number] = picture
    for at in range(pages):
        page = FONT + 1 + 2 * at
        objects[page] = objects[page].replace(
            b"/Font <<", b"/XObject << /I %d 0 R >> /Font <<" % number
        )
    return assembled(objects)


def rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def protected(password: bytes) -> bytes:
    """Opens with a password only (7.6.3, revision 2, 40 bits). Its content is not encrypted: nobody
    comes that far."""
    padded = (password + PADDING)[:32]
    owner = rc4(hashlib.md5(padded).digest()[:5], padded)
    rights = b"\xfc\xff\xff\xff"
    key = hashlib.md5(padded + owner + rights + FILE_ID).digest()[:5]
    user = rc4(key, PADDING)
    encrypt = (
        b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<%s> <%s>]"
        % (
            *(owner.hex().encode(), user.hex().encode()),
            *([FILE_ID.hex().encode()] * 2),
        )
    )
    return assembled(pages_of([stream(shown("Secret"))]), encrypt)
