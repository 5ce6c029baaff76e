"""One conversation: hear, plan, speak, note. Yields events; every front end is a reader of them.

Whatever happens, nothing said is lost: the person's message is committed before anything else, the reply's text as it
arrives, and the end of a reply, of whatever kind, with its status.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from companion.context import fit
from companion.engine.protocol import (
    Engine,
    EngineCancelled,
    EngineError,
    EngineInfo,
    Finish,
    Piece,
    ReadProgress,
    Sampling,
)
from companion.errors import CompanionError, UsageError
from companion.events import (
    Event,
    Failed,
    Finished,
    Planned,
    Reply,
    SentenceChosen,
    Stopped,
    TaggedSentence,
    Timings,
    Token,
    Trimmed,
    UserSaved,
)
from companion.rating import Empathy, Rater
from companion.settings import Settings
from companion.speaking.ahead import ReadAhead, battery
from companion.speaking.choice import Choice, Chooser
from companion.speaking.pace import Pace
from companion.speaking.steered import steered
from companion.store import Candidate, PlanRow, Role, Session, Status, Store, Turn
from companion.store import Empathy as EmpathyRow
from companion.store import Timings as StoredTimings
from companion.tagging import Tagger, used
from companion.text import Cleaner, clean, split_sentences
from planner.layouts import Layout, Message, ahead, render
from planner.ledger import Ledger, TurnRecord, opener_of
from planner.policy import Plan, PlanSettings, plan
from planner.reading import Reading, read
from planner.tactics import TACTICS, Tactic

EARLIER = 6
"""Replies whose words are not to be said again."""
NEXT_WORDS = 96
"""Tokens that are left free for the person's next message when the prompt before it is read ahead."""


class Conversation:
    """A session being talked in. One `say` at a time; `stop` from any thread."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        tagger: Tagger,
        session: Session,
        settings: Settings,
        *,
        rater: Rater | None = None,
        resting: bool = False,
    ) -> None:
        """Without a `rater` replies are not rated. With `resting` the engine reads ahead after each reply, as far as
        the settings allow it: for a front end that waits for the person, not for a single turn."""
        self.store, self.engine, self.session, self.settings = store, engine, session, settings
        self.tagger, self.rater = tagger, rater
        self.pace = Pace(settings.candidates, settings.sentence_seconds)
        self._ahead = ReadAhead(engine) if resting and settings.read_ahead else None
        self._first = 0
        """The first message of the history that the model was last shown."""
        self._stop_asked = False

    def say(self, text: str) -> Iterator[Event]:
        """One turn. Raises UsageError when nothing is left of `text` after cleaning."""
        heard = hear(text)
        self.interrupt()
        self._stop_asked = False
        before = self.store.branch(self.session.id)
        parent = before[-1].id if before else None
        said = self.store.add_user_turn(self.session.id, heard, parent)
        yield UserSaved(said.id, said.text)
        yield from self._reply([*before, said])

    def stop(self) -> None:
        """Stop the reply that is arriving, if there is one; what has arrived is kept."""
        self._stop_asked = True  # first: each call to the engine forgets a cancel that came before it
        self.engine.cancel()

    def interrupt(self) -> None:
        """End reading ahead, because the person does something else."""
        if self._ahead:
            self._ahead.stop()

    def rest(self) -> None:
        """Read ahead, if that is wanted and there is power for it."""
        if self._ahead is None:
            return
        charge = battery()
        if charge is None or charge >= self.settings.read_ahead_battery:
            self._ahead.start(self.before_next)

    def catch_up(self, progress: ReadProgress | None = None) -> int:
        """Read what was said before in a session that is gone on with; the number of tokens newly read.

        Raises EngineError.
        """
        messages = self.before_next()
        return self.engine.prefill(messages, progress) if messages else 0

    def before_next(self) -> list[Message]:
        """The next prompt up to the place of the person's words, planned as for a message without any cues."""
        info = self.engine.load()
        turns = self.store.branch(self.session.id)
        if not turns or turns[-1].role is not Role.ASSISTANT:
            return []
        ledger = self.ledger(turns)
        layout = Layout(info.layout)
        made = self._plan(ledger, Reading()) if self.settings.planner else None
        history = [*history_of(turns), Message("user", "")]
        room = self._room(info)[0] - NEXT_WORDS

        def count(part: Sequence[Message]) -> int:
            return self.engine.count_tokens(ahead(layout, alternating(part[:-1]), made, ledger))

        kept, self._first = fit(history, count, room, self._first)
        return ahead(layout, alternating(kept[:-1]), made, ledger)

    def close(self) -> None:
        """Let go of the model and the database; a session in which nothing was said leaves no trace."""
        self.interrupt()
        self.engine.close()
        with suppress(CompanionError):  # the sentence about it was shown when it happened
            self.store.discard_if_empty(self.session.id)
        self.store.close()

    def ledger(self, turns: Sequence[Turn]) -> Ledger:
        """What the companion's replies among `turns` did. One that a crash cut off was never tagged: it is read now."""
        stored = self.store.sentences(self.session.id)

        def record(turn: Turn) -> TurnRecord:
            if turn.id in stored:
                tactics = [frozenset(map(Tactic, sentence.tactics)) for sentence in stored[turn.id]]
            else:
                tactics = [used(scores) for scores in self.tagger.tag(split_sentences(turn.text))]
            return TurnRecord(tuple(tactics), opener_of(turn.text))

        return Ledger(tuple(record(turn) for turn in turns if turn.role is Role.ASSISTANT and turn.text))

    def _reply(self, turns: list[Turn]) -> Iterator[Event]:
        """Plan and stream the reply to the last of `turns`."""
        draft = _Draft(self, self.store.begin_reply(self.session.id, turns[-1].id).id, turns[-1].text)
        ledger = self.ledger(turns)
        try:
            if self.settings.planner:
                draft.plan = self._plan(ledger, read(turns[-1].text))
                yield Planned(draft.plan)
            if self._stop_asked:
                raise EngineCancelled
            info = self.engine.load()
            draft.layout = Layout(info.layout)
            if not self.pace.measured:
                self.pace.note(1, 1, info.step_seconds)
            messages, left_out, room = self._prompt(turns, draft, ledger, info)
            if left_out:
                yield Trimmed(left_out)
            finish = Finish("stop", 0, 0, 0, 0.0, 0.0)
            for item in self._speak(messages, self._sampling(info, room), turns, draft.plan, ledger):
                match item:
                    case Piece(text):
                        shown = draft.add(text)
                        if shown:
                            yield Token(shown)
                    case Choice():
                        draft.choices.append(item)
                        yield SentenceChosen(item)
                    case Finish():
                        finish = item
            rest = draft.close()
            if rest:
                yield Token(rest)
        except EngineCancelled:
            yield Stopped(draft.finish(Status.STOPPED, "stopped"))
            return
        except EngineError as error:
            yield Failed(draft.finish(Status.FAILED, "failed"), error)
            return
        except Exception:
            draft.finish(Status.FAILED, "failed")
            raise
        except BaseException:  # the front end walked away, or Ctrl-C: keep what had arrived, then let it through
            draft.finish(Status.STOPPED, "stopped")
            raise
        draft.timings = Timings(
            finish.prompt_tokens, finish.cached_tokens, finish.reply_tokens, finish.first_ms, finish.total_ms
        )
        if finish.reason == "cancelled":
            over: Event = Stopped(draft.finish(Status.STOPPED, "stopped"))
        else:
            over = Finished(draft.finish(Status.COMPLETE, "complete"))
        self.rest()
        yield over

    def _plan(self, ledger: Ledger, reading: Reading) -> Plan:
        return plan(
            ledger,
            reading,
            taste={Tactic(name): value for name, value in self.store.taste().items()},
            settings=PlanSettings(strength=self.settings.variety, self_disclosure=self.settings.self_disclosure),
        )

    def _speak(
        self, messages: list[Message], sampling: Sampling, turns: Sequence[Turn], made: Plan | None, ledger: Ledger
    ) -> Iterator[Piece | Choice | Finish]:
        """The reply as it comes, or with a plan and several candidates, sentence by sentence."""
        if made is None or self.settings.candidates == 1:
            items = self.engine.stream(messages, sampling)
            if self._stop_asked:
                self.engine.cancel()
            yield from items
            return
        earlier = tuple(turn.text for turn in turns if turn.role is Role.ASSISTANT)
        chooser = Chooser(
            self.tagger, self.rater, made, ledger, self.settings.weights, turns[-1].text, earlier[-EARLIER:]
        )
        yield from steered(self.engine, messages, sampling, chooser, self.pace, lambda: self._stop_asked)

    def _room(self, info: EngineInfo) -> tuple[int, int]:
        """Tokens there are for the prompt, and for the reply."""
        context = min(self.settings.context, info.context)
        reserve = min(self.settings.reply_tokens, context // 4)
        return context - reserve, reserve

    def _prompt(
        self, turns: Sequence[Turn], draft: _Draft, ledger: Ledger, info: EngineInfo
    ) -> tuple[list[Message], int, int]:
        """The messages for the engine, the number of messages left out, and the tokens left for the reply."""
        room, reserve = self._room(info)

        def whole(part: Sequence[Message]) -> list[Message]:
            return render(draft.layout, alternating(part), draft.plan, ledger)

        kept, self._first = fit(
            history_of(turns), lambda part: self.engine.count_tokens(whole(part)), room, self._first
        )
        return whole(kept), self._first, reserve

    def _sampling(self, info: EngineInfo, room: int) -> Sampling:
        """What the model recommends, unless the settings say otherwise."""
        chosen, advised = self.settings, info.sampling
        return replace(
            advised,
            temperature=advised.temperature if chosen.temperature is None else chosen.temperature,
            top_p=advised.top_p if chosen.top_p is None else chosen.top_p,
            max_tokens=room,
            seed=chosen.seed,
        )


class _Draft:
    """The reply that is arriving."""

    def __init__(self, conversation: Conversation, turn_id: int, message: str) -> None:
        """`message` is what it answers."""
        self._conversation, self._turn_id, self._message = conversation, turn_id, message
        self._cleaner = Cleaner()
        self._text = ""
        self.plan: Plan | None = None
        self.layout = Layout.TAIL
        self.timings = Timings()
        self.choices: list[Choice] = []

    def add(self, piece: str) -> str:
        """Take a piece in and save it; returns what may be shown of it."""
        return self._take(self._cleaner.feed(piece))

    def close(self) -> str:
        """The end of the text: what had been held back."""
        return self._take(self._cleaner.close())

    def _take(self, text: str) -> str:
        if not self._text:
            text = text.lstrip()
        if text:
            self._text += text
            self._conversation.store.save_partial(self._turn_id, self._text)
        return text

    def finish(self, status: Status, word: Literal["complete", "stopped", "failed"]) -> Reply:
        """Tag the text and store the end of the reply in one transaction."""
        text = self._text.rstrip()
        parts = split_sentences(text)
        sentences = tuple(
            TaggedSentence(part, tuple(tactic for tactic in TACTICS if tactic in used(scores)), scores)
            for part, scores in zip(parts, self._conversation.tagger.tag(parts), strict=True)
        )
        timings = self.timings
        rater = self._conversation.rater
        empathy = rater.rate([(self._message, text)])[0] if rater and text else None
        self._conversation.store.finish_reply(
            self._turn_id,
            status,
            text,
            [(s.text, {tactic.value: s.scores[tactic] for tactic in s.tactics}) for s in sentences],
            plan_row(self.layout, self.plan) if self.plan else None,
            StoredTimings(timings.prompt_tokens, timings.reply_tokens, timings.first_ms, timings.total_ms),
            empathy_row(empathy) if empathy else None,
            [candidate_rows(choice) for choice in self.choices],
        )
        return Reply(self._turn_id, text, word, sentences, self.plan, timings, tuple(self.choices), empathy)


def hear(text: str) -> str:
    """What is kept of a message. Raises UsageError when that is nothing."""
    heard = clean(text).strip()
    if not heard:
        raise UsageError("There is nothing to say in that message; type some words first.")
    return heard


def history_of(turns: Sequence[Turn]) -> list[Message]:
    """What there is to read of the conversation; a reply of which nothing arrived is no message."""
    return [Message("user" if turn.role is Role.USER else "assistant", turn.text) for turn in turns if turn.text]


def alternating(history: Sequence[Message]) -> list[Message]:
    """Messages as a model expects them: what the person said around a reply that never came is one message."""
    merged: list[Message] = []
    for message in history:
        if merged and merged[-1].role == message.role:
            merged[-1] = replace(merged[-1], content=f"{merged[-1].content}\n\n{message.content}")
        else:
            merged.append(message)
    return merged


def plan_row(layout: Layout, made: Plan) -> PlanRow:
    """A plan as it is stored."""
    return PlanRow(
        layout=layout.value,
        weights={tactic.value: weight for tactic, weight in made.weights.items()},
        targets=tuple(tactic.value for tactic in made.targets),
        resting=tuple(tactic.value for tactic in made.resting),
        reason=made.reason,
    )


def empathy_row(rated: Empathy) -> EmpathyRow:
    """A rating as it is stored."""
    return EmpathyRow(
        rated.validating_emotions,
        rated.encouraging_elaboration,
        rated.demonstrating_understanding,
        rated.advice_giving,
        rated.self_oriented,
        rated.dismissing_emotions,
        rater="encoder",
    )


def candidate_rows(choice: Choice) -> list[Candidate]:
    """What a sentence was chosen from, as it is stored."""
    return [
        Candidate(
            each.text,
            tuple(tactic.value for tactic in each.tactics),
            each.parts,
            each.veto,
            kept=number == choice.kept,
        )
        for number, each in enumerate(choice.considered)
    ]
