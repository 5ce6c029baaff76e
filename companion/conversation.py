"""One conversation: hear, plan, speak, note. Yields events; every front end is a reader of them.

Whatever happens, nothing said is lost: the person's message is committed before anything else, the reply's text as it
arrives, and the end of a reply, of whatever kind, with its status.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from companion.briefing import Briefing
from companion.draft import Draft
from companion.engine.consent import leaving
from companion.engine.protocol import (
    Engine,
    EngineCancelled,
    EngineError,
    EngineInfo,
    Finish,
    Piece,
    ReadProgress,
    Sampling,
    Thinking,
)
from companion.errors import CompanionError, UsageError
from companion.events import (
    Event,
    Failed,
    Finished,
    Planned,
    Remarked,
    ReplyBegun,
    RiskRaised,
    SentenceChosen,
    Stopped,
    Thought,
    Timings,
    Token,
    Trimmed,
    UserSaved,
)
from companion.rating import Rater
from companion.safety.watch import Care, Watch
from companion.settings import Settings
from companion.speaking.ahead import ReadAhead, battery
from companion.speaking.checked import Guard, checked
from companion.speaking.choice import Choice, Chooser
from companion.speaking.pace import Pace
from companion.speaking.sampling import sampling_for
from companion.speaking.steered import steered
from companion.speaking.thoughts import Thoughts
from companion.store import Role, Session, Status, Store, Turn
from companion.tagging import Tagger
from companion.text import clean
from planner.layouts import Layout, Message, opened
from planner.ledger import Ledger
from planner.policy import Plan
from planner.tactics import Tactic

if TYPE_CHECKING:
    from companion.safety.risk.assessor import RiskAssessor

EARLIER = 6
"""Replies whose words are not to be said again."""


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
        assessor: RiskAssessor | None = None,
        resting: bool = False,
    ) -> None:
        """Without a `rater` replies are not rated, without an `assessor` no danger is read.

        With `resting` the engine reads ahead after each reply, as far as the settings allow it: for a front end that
        waits for the person, not for a single turn.
        """
        self.store, self.engine, self.session, self.settings = store, engine, session, settings
        self.tagger, self.rater, self._watch = tagger, rater, Watch(store, assessor)
        self.pace = Pace(settings.candidates, settings.sentence_seconds)
        self._ahead = ReadAhead(engine) if resting and settings.read_ahead else None
        self._brief()
        self._stop_asked = False

    def say(self, text: str) -> Iterator[Event]:
        """One turn. Raises UsageError when nothing is left of `text` after cleaning."""
        heard = hear(text)
        self._begin()
        yield from self._turn(self.turns(), heard)

    def edit(self, turn_id: int, text: str) -> Iterator[Event]:
        """Say this instead of an earlier message of the person's; that one stays, beside it. Raises as `say`."""
        heard = hear(text)
        turn = self._own(turn_id, Role.USER)
        self._begin()
        yield from self._turn(self._up_to(turn.parent_id), heard)

    def regenerate(self, turn_id: int) -> Iterator[Event]:
        """Another reply beside this one, or the first one to a message that has none. Raises UsageError."""
        turn = self._own(turn_id)
        self._begin()
        yield from self._reply(self._up_to(turn.id if turn.role is Role.USER else turn.parent_id))

    def go_on(self, turn_id: int) -> Iterator[Event]:
        """Continue a reply after its last word, beside it: the shorter one stays too. Raises UsageError.

        Where the model cannot do that, it is said, and another reply is begun.
        """
        turn = self._own(turn_id, Role.ASSISTANT)
        self._begin()
        said = turn.text
        if not self.engine.load().goes_on:
            said = ""
            yield Remarked("This model's server cannot go on in the middle of a reply, so another one is begun.")
        yield from self._reply(self._up_to(turn.parent_id), said)

    def turns(self) -> list[Turn]:
        """The conversation as it is shown: of alternatives, those that were chosen last."""
        return self.store.branch(self.session.id)

    def select(self, turn_id: int) -> list[Turn]:
        """Go to an alternative, and to where the conversation went after it; the turns that are shown then."""
        self._own(turn_id)
        self.interrupt()
        self.store.set_leaf(self.session.id, self.store.newest_below(turn_id))
        self.rest()
        return self.turns()

    def open(self, session: Session) -> None:
        """Go on in another session, with the same model. One in which nothing was said leaves no trace."""
        self.interrupt()
        self.store.discard_if_empty(self.session.id)
        self.session = session
        self._brief()
        self.rest()

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

    def next_plan(self) -> Plan | None:
        """The plan as it stands before the person's next message, without any cues; None where nothing is planned."""
        turns = self.turns()
        return self._briefing.next_plan(turns, self.ledger(turns))

    def before_next(self) -> list[Message]:
        """The next prompt up to the place of the person's words, planned as for a message without any cues."""
        return self._briefing.before_next(self.turns())

    @property
    def whereto(self) -> str:
        """Where what is said goes, in a sentence; "" where it stays in this program."""
        return leaving(self.engine.address) if self.engine.address else ""

    def close(self) -> None:
        """Let go of the model and the database; a session in which nothing was said leaves no trace."""
        self.interrupt()
        self.engine.close()
        with suppress(CompanionError):  # the sentence about it was shown when it happened
            self.store.discard_if_empty(self.session.id)
        self.store.close()

    def ledger(self, turns: Sequence[Turn]) -> Ledger:
        """What the companion's replies among `turns` did."""
        return self._briefing.ledger(turns)

    def taste(self) -> dict[Tactic, float]:
        """What the person likes: the learned multiplier of each tactic that has one."""
        return {Tactic(name): value for name, value in self.store.taste().items()}

    @property
    def minor(self) -> bool:
        """Whether the person said that they are under eighteen (S20)."""
        return self._watch.minor(self.session.id)

    def _brief(self) -> None:
        """Know nothing of the session yet."""
        self._briefing = Briefing(self.store, self.engine, self.tagger, self.settings, self._watch, self.taste)

    def _begin(self) -> None:
        self.interrupt()
        self._stop_asked = False

    def _own(self, turn_id: int, role: Role | None = None) -> Turn:
        """The turn, if it is one of this session, and of this role."""
        turn = self.store.turn(turn_id)
        if turn.session_id != self.session.id or role not in {None, turn.role}:
            whose = {Role.USER: "a message of yours", Role.ASSISTANT: "a reply"}
            wanted = whose[role] if role else "a turn"
            raise UsageError(f"Turn {turn_id} is not {wanted} in this conversation. Choose one that is.")
        return turn

    def _up_to(self, turn_id: int | None) -> list[Turn]:
        return [] if turn_id is None else self.store.branch(self.session.id, turn_id)

    def _turn(self, before: list[Turn], heard: str) -> Iterator[Event]:
        said = self.store.add_user_turn(self.session.id, heard, before[-1].id if before else None)
        yield UserSaved(said.id, said.text)
        risk = self._watch.read(said)
        if risk is not None and risk.level > 0:
            yield RiskRaised(said.id, risk)
        yield from self._reply([*before, said])

    def _reply(self, turns: list[Turn], said: str = "") -> Iterator[Event]:
        """Plan and stream the reply to the last of `turns`, or what comes after `said`."""
        begun = self.store.begin_reply(self.session.id, turns[-1].id, said)
        draft = Draft(self.store, self.tagger, self.rater, begun, turns[-1].text)
        care = Care(self._watch.risk(turns[-1]), turns[:-1], begun.id, self.settings.country)
        ledger = self.ledger(turns)
        yield ReplyBegun(begun.id, turns[-1].id, said)
        try:
            draft.plan = self._briefing.plan(turns, ledger)
            if draft.plan is not None:
                yield Planned(draft.plan)
            lines = care.first(said)
            if lines:
                yield Token(draft.add(lines))
                yield Finished(draft.finish(Status.COMPLETE, "complete"))
                return
            if self._stop_asked:
                raise EngineCancelled
            info = self.engine.load()
            draft.layout = Layout(info.layout)
            if not self.pace.measured:
                self.pace.note(1, 1, info.step_seconds)
            messages, left_out = self._briefing.prompt(turns, draft.plan, ledger, info, said)
            if left_out:
                yield Trimmed(left_out)
            finish = Finish("stop", 0, 0, 0, 0.0, 0.0)
            earlier = tuple(turn.text for turn in turns if turn.role is Role.ASSISTANT)[-EARLIER:]
            danger = self._watch.danger(turns[-1])
            guard = Guard.answering(turns[-1].text, danger=danger, earlier=earlier, seed=draft.turn_id)
            thoughts = Thoughts(guard)
            ours = care.in_place(info.parameters)
            items: Iterator[Piece | Thinking | Choice | Finish] = (
                iter((Piece(ours), finish))
                if ours
                else self._speak(
                    info, messages, sampling_for(info, self.settings), turns[-1].text, draft, ledger, guard
                )
            )
            for item in items:
                match item:
                    case Piece(text):
                        if left := thoughts.close():
                            yield Thought(left, thoughts.seconds)
                        shown = draft.add(text)
                        if shown:
                            yield Token(shown)
                    case Thinking(text):
                        yield Thought(thoughts.feed(text), thoughts.seconds)
                    case Choice():
                        draft.choices.append(item)
                        yield SentenceChosen(item)
                    case Finish():
                        finish = item
            rest = draft.close()
            if finish.reason != "cancelled":
                rest += draft.add(care.after(draft.text))
            if rest:
                yield Token(rest)
        except EngineCancelled:
            yield Stopped(draft.finish(Status.STOPPED, "stopped"))
            return
        except EngineError as error:
            added = draft.add(care.after(draft.text))
            if added:
                yield Token(added)
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

    def _speak(
        self,
        info: EngineInfo,
        messages: list[Message],
        sampling: Sampling,
        message: str,
        draft: Draft,
        ledger: Ledger,
        guard: Guard,
    ) -> Iterator[Piece | Thinking | Choice | Finish]:
        """The reply by its sentences, as they come, or with a plan and several candidates, each chosen."""
        if draft.plan is None or self.settings.candidates == 1 or not info.steers:
            return checked(self.engine, messages, sampling, guard, self._stopped)
        chooser = Chooser(
            self.tagger,
            self.rater,
            draft.plan,
            ledger,
            self.settings.weights,
            message,
            guard.earlier,
            opened(messages),
            guard,
        )
        return steered(self.engine, messages, sampling, chooser, self.pace, self._stopped)

    def _stopped(self) -> bool:
        return self._stop_asked


def hear(text: str) -> str:
    """What is kept of a message. Raises UsageError when that is nothing."""
    heard = clean(text).strip()
    if not heard:
        raise UsageError("There is nothing to say in that message; type some words first.")
    return heard
