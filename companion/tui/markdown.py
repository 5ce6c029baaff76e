"""Markdown whose code has one colour: what tells its parts apart cannot be read on every terminal."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Markdown
from textual.widgets.markdown import MarkdownFence


class PlainFence(MarkdownFence):
    """Code as it was written. Textual takes its colours for ansi themes from a fixed list, some of them on 1.6:1."""

    @classmethod
    def highlight(cls, code: str, language: str, ansi: bool = False, dark: bool = False) -> Content:
        return Content(code)


class PlainMarkdown(Markdown):
    """Markdown with plain code blocks."""

    BLOCKS = {**Markdown.BLOCKS, "fence": PlainFence, "code_block": PlainFence}
