"""Drawing in cells: bars, lines that break between their parts only, and widgets whose text depends on their width."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(share: float, width: int) -> str:
    """A bar `width` cells wide, filled from the left to the eighth of a cell; any share above 0 can be seen."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    if share > 0 and width:
        eighths = max(1, eighths)
    full, rest = divmod(eighths, 8)
    return ("█" * full + EIGHTHS[rest]).ljust(width)


def cut(text: str, width: int) -> str:
    """The text in exactly `width` cells, with an ellipsis where it is too long."""
    return text.ljust(width) if len(text) <= width else f"{text[: max(0, width - 1)]}…"[:width]


def flow(parts: Sequence[str], width: int, indent: str = "") -> list[str]:
    """Lines of the parts with two spaces between them; a part that does not fit begins the next line."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 2 + len(part) <= width:
            lines[-1] += f"  {part}"
        else:
            lines.append(indent + part)
    return lines


class Fitted(Widget):
    """A widget that lays its text out for the width it has, and is as high as that makes it."""

    DEFAULT_CSS = """
    Fitted {
        height: auto;
        color: $foreground;
    }
    """

    def fitted(self, width: int) -> Content:
        """The text for so many cells."""
        raise NotImplementedError

    def render(self) -> Content:
        return self.fitted(self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.fitted(width).get_height({}, width) if width else 0
