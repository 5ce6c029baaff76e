"""The page around the terminal. Everything in it comes from this server."""

from __future__ import annotations

from html import escape
from string import Template

TITLE = "Terminal"
"""What the tab is called: nothing that tells who reads over a shoulder."""
FONT_SIZES = {str(size) for size in range(8, 41)}

PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="dark">
<title>$title</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/css/xterm.css">
<style>
@font-face { font-family: "Roboto Mono"; src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf"); font-weight: 100 700; }
@font-face { font-family: "Roboto Mono"; src: url("/static/fonts/RobotoMono-Italic-VariableFont_wght.ttf"); font-style: italic; font-weight: 100 700; }
body { background: Canvas; color: CanvasText; font: 16px "Roboto Mono", monospace; overflow: hidden; }
.starting, .ended, noscript { position: absolute; left: 1em; bottom: 1em; z-index: 20; margin: 0; padding: 0.5em 1em; background: Canvas; border: 1px solid; }
.ended, body.-first-byte .starting, body.-closed .starting { display: none; }
body.-closed .ended { display: block; }
a { color: LinkText; }
</style>
<script src="/static/js/textual.js"></script>
<script src="/static/page.js"></script>
</head>
<body>
<p class="starting" role="status">Starting&hellip;</p>
<div id="terminal" class="textual-terminal" data-session-websocket-url="$websocket" data-font-size="$font_size"></div>
<p class="ended" role="status">The chat has ended. <a href="">Start again</a></p>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
""")  # noqa: E501

SCRIPT = """\
// The keyboard goes where it is of use: to the chat once it is drawn, to the way back once it has ended.
addEventListener("load", () => {
  new MutationObserver(() => {
    const { classList } = document.body;
    const place = classList.contains("-closed") ? ".ended a" : ".xterm-helper-textarea";
    if (classList.contains("-first-byte") || classList.contains("-closed")) document.querySelector(place).focus();
  }).observe(document.body, { attributeFilter: ["class"] });
});
"""

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "local",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer carries."""


def page(websocket: str, font_size: str | None) -> str:
    """The page whose terminal is at the other end of `websocket`, a whole address without a query."""
    size = font_size if font_size in FONT_SIZES else "16"
    return PAGE.substitute(title=TITLE, websocket=escape(websocket), font_size=size)


def content_policy(host: str) -> str:
    """What the page may load and talk to: this server alone, under the name `host` that the browser knows it by.

    xterm.js sets styles of its own, so that those cannot be forbidden; scripts in the page can.
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
        f"connect-src ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
