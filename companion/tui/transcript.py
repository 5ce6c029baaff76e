"""The conversation on the screen: a window on its turns that moves with the reader.

Only some dozens of messages are mounted, whatever the length of the conversation: where the reader comes near an end of
what is mounted, the next ones are added there and as many are taken away at the other end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.containers import VerticalScroll
from textual.widgets import Static

from companion.store import Role, Turn
from companion.tui.message import MessageBox

MOST = 40
"""Messages that are mounted at once."""
BATCH = 10
"""Messages that are added at a time."""
NEAR = 3
"""Rows from an end at which more is added."""


class Transcript(VerticalScroll, can_focus=False):
    """Follows the end while the reader is there, and else stays where the reader is."""

    DEFAULT_CSS = """
    Transcript {
        padding: 1 1 0 1;
        scrollbar-size-vertical: 1;
        align-vertical: bottom;
        & > .remark {
            height: auto;
            max-width: 103;
            margin: 0 0 1 0;
            padding: 0 1;
            color: $foreground;
            border-left: wide $secondary;
        }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[Turn] = []
        """The conversation as it is shown, mounted or not."""
        self._families: Mapping[int, tuple[int, ...]] = {}
        self._judged: Mapping[int, int] = {}
        self._first = self._last = 0
        """What is mounted of `turns`: from the first to before the last."""
        self._in_view = 0
        """The first turn that the model was last shown."""
        self._moving = False

    def on_mount(self) -> None:
        self.anchor()

    @property
    def boxes(self) -> list[MessageBox]:
        """The mounted messages, in order."""
        return list(self.query_children(MessageBox))

    def box(self, turn_id: int) -> MessageBox | None:
        """The message of a turn, if it is mounted."""
        found = self.query_children(f"#turn-{turn_id}")
        return found.first(MessageBox) if found else None

    @property
    def last_reply(self) -> Turn | None:
        """The newest reply that is shown."""
        return next((turn for turn in reversed(self.turns) if turn.role is Role.ASSISTANT), None)

    async def show(
        self,
        turns: Sequence[Turn],
        families: Mapping[int, tuple[int, ...]],
        judged: Mapping[int, int],
        at: int | None = None,
    ) -> None:
        """Another conversation, or the same one along other alternatives; at its end, or at the turn `at`."""
        self.turns, self._families, self._judged = list(turns), families, judged
        place = next((number for number, turn in enumerate(self.turns) if turn.id == at), None)
        end = len(self.turns) if place is None else min(len(self.turns), place + MOST // 2)
        self._first, self._last = max(0, end - MOST), end
        async with self.batch():
            await self.remove_children()
            await self.mount_all(map(self._boxed, self.turns[self._first : self._last]))
        if place is None:
            self.anchor()
        elif box := self.box(self.turns[place].id):
            self.anchor(False)
            self.screen.set_focus(box, scroll_visible=False)
            self.call_after_refresh(self.scroll_to_widget, box, animate=False, top=True)

    async def add(self, turn: Turn) -> MessageBox:
        """One more turn at the end, which is gone to."""
        if self._last < len(self.turns):
            await self.show(self.turns, self._families, self._judged)
        self.turns.append(turn)
        self._last += 1
        box = self._boxed(turn)
        await self.mount(box)
        await self._trim_top()
        if turn.role is Role.USER:
            self.anchor()
        return box

    async def cut_after(self, turn_id: int | None) -> None:
        """What came after this turn is not shown any more, because the conversation goes on otherwise."""
        keep = next((number + 1 for number, turn in enumerate(self.turns) if turn.id == turn_id), 0)
        gone, self.turns = self.turns[keep:], self.turns[:keep]
        if self._first >= len(self.turns):
            await self.show(self.turns, self._families, self._judged)
            return
        self._last = min(self._last, len(self.turns))
        await self.remove_children([box for turn in gone if (box := self.box(turn.id))])

    async def remark(self, text: str, *, stays: bool = False) -> None:
        """Something the program says, at the end; it is not a turn. It goes with the next message, unless it stays."""
        await self.mount(Static(text, classes="remark" if stays else "remark -passing", markup=False))

    async def forget_remarks(self) -> None:
        """Take away what was said in passing."""
        await self.remove_children(".-passing")

    def replace(self, turn: Turn) -> None:
        """What is known of a turn that is shown."""
        self.turns = [turn if turn.id == each.id else each for each in self.turns]

    def relabel(self, families: Mapping[int, tuple[int, ...]], judged: Mapping[int, int]) -> None:
        """Alternatives and judgements as they are now."""
        self._families, self._judged = families, judged
        for box in self.boxes:
            box.relabel(family=families.get(box.turn.id, ()), judged=judged.get(box.turn.id, 0))

    async def trimmed(self, messages: int) -> None:
        """So many messages with words, from the first one on, are out of the model's view."""
        spoken = [turn.id for turn in self.turns if turn.text]
        self._in_view = spoken[messages] if 0 < messages < len(spoken) else 0
        for box in self.boxes:
            await box.divide(box.turn.id == self._in_view)

    async def to_beginning(self) -> None:
        """To the first message."""
        if self.turns:
            await self.show(self.turns, self._families, self._judged, at=self.turns[0].id)

    async def to_end(self) -> None:
        """To the newest message; the end is followed again."""
        if self._last < len(self.turns):
            await self.show(self.turns, self._families, self._judged)
        self.anchor()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._moving or not self.is_mounted:
            return
        if new_value <= NEAR and self._first > 0 and new_value <= old_value:
            self._moving = True
            self.call_later(self._older)
        elif new_value >= self.max_scroll_y - NEAR and self._last < len(self.turns) and new_value >= old_value:
            self._moving = True
            self.call_later(self._newer)

    async def _older(self) -> None:
        """Mount earlier messages above; what the reader looks at stays where it is."""
        boxes = self.boxes
        if not boxes:
            self._moving = False
            return
        kept, start = boxes[0], max(0, self._first - BATCH)
        fresh = list(map(self._boxed, self.turns[start : self._first]))
        self._first = start
        surplus = boxes[MOST - len(fresh) :]
        self._last -= len(surplus)
        await self._swap(kept, fresh, surplus, above=True)

    async def _newer(self) -> None:
        """Mount later messages below."""
        boxes = self.boxes
        if not boxes:
            self._moving = False
            return
        end = min(len(self.turns), self._last + BATCH)
        fresh = list(map(self._boxed, self.turns[self._last : end]))
        self._last = end
        surplus = boxes[: max(0, len(boxes) + len(fresh) - MOST)]
        self._first += len(surplus)
        await self._swap(boxes[-1], fresh, surplus, above=False)

    async def _swap(self, kept: MessageBox, fresh: list[MessageBox], surplus: list[MessageBox], *, above: bool) -> None:
        """Mount beside `kept`, take the surplus away, and leave `kept` where it is on the screen."""
        where = kept.virtual_region.y - self.scroll_y
        async with self.batch():
            if above:
                await self.mount_all(fresh, before=kept)
            else:
                await self.mount_all(fresh, after=kept)
            await self.remove_children(surplus)

        def settle() -> None:
            self.scroll_to(y=kept.virtual_region.y - where, animate=False, force=True, immediate=True)
            self._moving = False

        self.call_after_refresh(settle)

    async def _trim_top(self) -> None:
        """Take messages away above, once there are many more than are to be mounted."""
        if self._last - self._first < MOST + BATCH:
            return
        await self.remove_children(self.boxes[:BATCH])
        self._first += BATCH

    def _boxed(self, turn: Turn) -> MessageBox:
        box = MessageBox(turn, self._families.get(turn.id, ()), self._judged.get(turn.id, 0))
        box.set_class(turn.id == self._in_view, "-first-in-view")
        return box
