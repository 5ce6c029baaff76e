"""Talking: what is said, what streams, what waits, what is stopped and goes on."""

from __future__ import annotations

from companion.engine.protocol import EngineDied, Thinking
from companion.engine.scripted import Gate, ScriptedEngine
from companion.store import Status
from companion.tui.message import MessageBox
from companion.tui.status import StatusLine
from tests.companion.tui.conftest import Talks


async def test_what_is_sent_is_saved_and_answered(talks: Talks) -> None:
    async with talks(ScriptedEngine(["That makes sense. What happened?"])) as talk:
        await talk.say("I failed my exam")
        assert talk.texts == ["I failed my exam", "That makes sense. What happened?"]
        assert "You" in talk.shown
        assert "I failed my exam" in talk.shown
        assert "That makes sense. What happened?" in talk.shown


async def test_a_reply_is_shown_sentence_by_sentence_as_it_arrives(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(["I hear you. What happened then?"], wait=gate)) as talk:
        await talk.send("hello")
        gate.open(4)
        await talk.sees("I hear you.")
        assert "What" not in talk.shown
        assert "being written" in talk.shown
        gate.open(9)
        await talk.sees("I hear you. What happened then?")
        await talk.rest()
        assert "being written" not in talk.shown


async def test_typing_goes_on_while_a_reply_arrives_and_the_next_message_waits(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(["One.", "Two."], wait=gate)) as talk:
        await talk.send("first")
        await talk.until(lambda: talk.chat.busy == "talking")
        await talk.press("s", "e", "c", "o", "n", "d")
        assert talk.chat.composer.text == "second"
        await talk.press("enter")
        await talk.sees("Waiting to be said: “second”")
        gate.open(9)
        await talk.until(lambda: len(talk.turns) == 4)
        await talk.rest()
        assert talk.texts == ["first", "One.", "second", "Two."]
        assert "Waiting to be said" not in talk.shown


async def test_escape_stops_a_reply_keeps_it_and_brings_back_what_waits(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(["I hear you. And more."], wait=gate)) as talk:
        await talk.send("hello")
        gate.open(4)
        await talk.sees("I hear you.")
        await talk.send("and this")
        await talk.press("escape")
        await talk.rest()
        assert talk.texts == ["hello", "I hear you. And"]
        assert talk.turns[-1].status is Status.STOPPED
        assert talk.chat.composer.text == "and this"
        assert "Companion · stopped" in talk.shown


async def test_ctrl_c_stops_too_and_does_not_leave(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(["I hear you. And more."], wait=gate)) as talk:
        await talk.send("hello")
        gate.open(4)
        await talk.sees("I hear you.")
        await talk.press("ctrl+c")
        await talk.rest()
        assert talk.turns[-1].status is Status.STOPPED
        await talk.press("ctrl+c")
        assert "Nothing is arriving" in talk.notices[-1]
        assert talk.app.is_running


async def test_a_stopped_reply_goes_on(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(["I hear you. And more."], wait=gate)) as talk:
        await talk.send("hello")
        gate.open(4)
        await talk.sees("I hear you.")
        await talk.press("escape")
        await talk.rest()
        gate.open(9)
        await talk.press("ctrl+o")
        await talk.until(lambda: talk.texts == ["hello", "I hear you. And more."])
        await talk.rest()
        assert "2 of 2" in talk.shown
        assert talk.shown.count("I hear you") == 1


async def test_another_reply_and_back_again(talks: Talks) -> None:
    async with talks(ScriptedEngine(["First.", "Second."])) as talk:
        await talk.say("hello")
        await talk.press("ctrl+r")
        await talk.until(lambda: talk.texts == ["hello", "Second."])
        await talk.rest()
        assert "First." not in talk.shown
        talk.box("Second.").focus()
        await talk.press("<")
        await talk.sees("First.")
        assert "1 of 2" in talk.shown
        assert "Second." not in talk.shown
        await talk.press(">")
        await talk.sees("Second.")
        await talk.press(">")
        assert "no other one" in talk.notices[-1]


async def test_a_message_is_edited_and_the_old_path_stays(talks: Talks) -> None:
    async with talks(ScriptedEngine(["One.", "Two.", "Three."])) as talk:
        await talk.say("first")
        await talk.say("second")
        talk.write("unsent")
        talk.box("first").focus()
        await talk.press("e")
        assert talk.chat.composer.text == "first"
        await talk.sees("Instead of an earlier message")
        await talk.press("!", "enter")
        await talk.until(lambda: talk.texts == ["first!", "Three."])
        await talk.rest()
        assert talk.chat.composer.text == "unsent"
        assert "second" not in talk.shown
        talk.box("first!").focus()
        await talk.press("left")
        await talk.sees("second")
        assert talk.texts == ["first", "One.", "second", "Two."]


async def test_escape_leaves_an_edit(talks: Talks) -> None:
    async with talks() as talk:
        await talk.say("first")
        talk.write("unsent")
        talk.box("first").focus()
        await talk.press("e", "x", "escape")
        assert talk.chat.composer.text == "unsent"
        assert talk.chat.composer.editing is None
        assert talk.texts[0] == "first"


async def test_nothing_else_begins_while_a_reply_arrives(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(["One.", "Two."], wait=gate)) as talk:
        await talk.send("hello")
        await talk.until(lambda: talk.chat.busy == "talking")
        for wish in ("ctrl+r", "ctrl+n"):
            await talk.press(wish)
            await talk.until(lambda: talk.notices)
            assert "Something else is going on" in talk.notices[-1]
        gate.open(9)
        await talk.rest()
        assert talk.texts == ["hello", "One."]


async def test_a_model_that_dies_is_a_sentence_and_the_next_turn_works(talks: Talks) -> None:
    engine = ScriptedEngine([["I hear", EngineDied("signal 9")], "Here again."])
    async with talks(engine) as talk:
        await talk.say("hello")
        await talk.sees("The model process stopped unexpectedly (signal 9)")
        assert "broke off" in talk.shown
        assert talk.texts == ["hello", "I hear"]
        await talk.say("still there?")
        assert talk.texts[-1] == "Here again."
        assert "stopped unexpectedly" not in talk.shown
        assert engine.loads == 2


async def test_a_reply_without_words_says_so(talks: Talks) -> None:
    async with talks(ScriptedEngine([""])) as talk:
        await talk.say("hello")
        await talk.sees("No words came")


async def test_text_is_never_markup(talks: Talks) -> None:
    hostile = "[/x] [red]no[/red] [@click=app.quit]x[/]"
    async with talks(ScriptedEngine([hostile])) as talk:
        await talk.say(hostile)
        assert talk.shown.count("[/x] [red]no[/red]") == 2


async def test_links_in_a_reply_open_nothing(talks: Talks, monkeypatch: object) -> None:
    async with talks(ScriptedEngine(["See [this](https://example.org/x)."])) as talk:
        opened: list[str] = []
        talk.app.open_url = lambda url, *, new_tab=True: opened.append(url)  # type: ignore[method-assign]
        await talk.say("hello")
        box = talk.chat.transcript.boxes[-1]
        await talk.pilot.click(box, offset=(6, 1))
        await talk.pilot.pause()
        assert opened == []


async def test_the_status_line_says_what_is_going_on(talks: Talks) -> None:
    async with talks(size=(140, 30)) as talk:
        await talk.say("hello")
        line = str(talk.chat.query_one(StatusLine).render())
        assert "scripted" in line
        assert "of 4,096 tokens" in line
        assert "tokens/s" in line
        assert "aims for" in line
        assert "Ctrl+G help" in line
        assert "F1 keys" in line


async def test_off_the_record_is_said_all_the_time_and_leaves_nothing(talks: Talks) -> None:
    async with talks(off_record=True, size=(60, 20)) as talk:
        await talk.say("hello")
        assert "OFF THE RECORD" in talk.shown
    assert not talks.path.exists()


async def test_a_long_conversation_says_what_is_out_of_view(talks: Talks) -> None:
    engine = ScriptedEngine(["word " * 40] * 9, context=256)
    async with talks(engine, context=256, reply_tokens=64, size=(100, 60)) as talk:
        for number in range(4):
            await talk.say(f"message {number} " + "word " * 20)
        divided = [box for box in talk.chat.transcript.boxes if box.has_class("-first-in-view")]
        assert len(divided) == 1
        await talk.press("ctrl+home")
        talk.chat.transcript.scroll_to_widget(divided[0], animate=False)
        await talk.sees("out of the model's view")


async def test_what_was_said_before_comes_back_with_the_arrow_keys(talks: Talks) -> None:
    async with talks() as talk:
        await talk.say("first")
        await talk.say("second")
        talk.write("draft")
        await talk.press("up")
        assert talk.chat.composer.text == "second"
        await talk.press("up", "up")
        assert talk.chat.composer.text == "first"
        await talk.press("down", "down")
        assert talk.chat.composer.text == "draft"


async def test_a_message_may_have_many_lines(talks: Talks) -> None:
    async with talks() as talk:
        await talk.press("a", "ctrl+j", "b", "shift+enter", "c", "enter")
        await talk.until(lambda: len(talk.turns) == 2)
        await talk.rest()
        assert talk.texts[0] == "a\nb\nc"


async def test_a_paste_of_half_a_million_characters_is_taken_whole(talks: Talks) -> None:
    from textual.events import Paste

    async with talks() as talk:
        text = "\n".join(f"line {number} of a very long paste" for number in range(16_000))
        talk.app.post_message(Paste(text))
        await talk.until(lambda: len(talk.chat.composer.text) == len(text))
        await talk.press("enter")
        await talk.until(lambda: bool(talk.turns) and not talk.chat.busy)
        assert talk.texts[0] == text
        await talk.sees("send it again in shorter parts")


async def test_messages_are_walked_through_with_the_arrow_keys(talks: Talks) -> None:
    async with talks() as talk:
        await talk.say("first")
        await talk.press("shift+tab")
        assert isinstance(talk.app.focused, MessageBox)
        assert talk.app.focused.turn.text == "I hear you."
        await talk.press("up")
        assert isinstance(talk.app.focused, MessageBox)
        assert talk.app.focused.turn.text == "first"
        await talk.press("down", "down")
        assert talk.app.focused is talk.chat.composer


async def test_enter_does_not_overtake_the_letters_before_it(talks: Talks) -> None:
    from textual.events import Key

    async with talks() as talk:
        words = "tell me everything about it"
        for letter in words:
            talk.app.post_message(Key("space" if letter == " " else letter, letter))
        talk.app.post_message(Key("enter", "\r"))
        await talk.until(lambda: len(talk.turns) == 2)
        await talk.rest()
        assert talk.texts[0] == words


async def test_what_a_model_thinks_is_folded_with_its_time_and_unfolded_by_a_key(talks: Talks) -> None:
    gate = Gate()
    engine = ScriptedEngine([[Thinking("They are tired. "), Thinking("I ask."), "Go on."]], thinks=True, wait=gate)
    async with talks(engine) as talk:
        await talk.send("hello")
        gate.open(2)
        await talk.sees("Thinking, less than a second; t shows it")
        assert "They are tired" not in talk.shown
        gate.open(9)
        await talk.sees("Thought for less than a second; t shows it")
        await talk.rest()
        talk.box("Go on.").focus()
        await talk.press("t")
        await talk.sees("They are tired. I ask.")
        await talk.press("t")
        await talk.until(lambda: "They are tired" not in talk.shown)
        assert talk.texts == ["hello", "Go on."]
