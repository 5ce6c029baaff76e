"""One participant's part in an experiment: consent, an arm by chance, questions, a conversation, the end.

Front ends ask and show; what is kept, and what a participant may see, is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from companion.conversation import Conversation
from companion.engine.address import Address
from companion.engine.consent import leaving
from companion.engine.protocol import EngineError
from companion.errors import CompanionError
from companion.events import Event, Failed, Finished, ReplyBegun, RiskRaised, Stopped, Token, UserSaved
from companion.experiment.assignment import arm_of
from companion.experiment.design import Design, Question
from companion.modelhub import registry
from companion.safety import notice
from companion.safety.notice import flowing
from companion.settings import Settings
from companion.store import Participant, Role, Session, Store
from companion.store.experiments import Moment
from planner.tactics import Tactic

DECLINED = "Thank you for reading. Nothing was kept."
WITHDRAWN = "Everything you wrote and answered is deleted."
ENOUGH = "You may finish now. You can also go on as long as you like."
TROUBLE = (
    "Something did not work. Please tell the person who runs this study. What you wrote is saved, and you can go on, "
    "finish or withdraw."
)
"""In the place of an error, which could name a model."""


class Sitting:
    """One participant. Nothing is kept before `enrol`, which is called when they have consented."""

    def __init__(self, store: Store, experiment: str, chosen: Settings) -> None:
        """`chosen` are the settings but for what an arm says. Raises NotFound for an experiment that there is not, and
        for a model of an arm that there is not: not when somebody has consented already."""
        self._store, self._chosen = store, chosen
        self.name = experiment
        self.design = Design.model_validate_json(store.experiment(experiment).design)
        self.whereto = whereto(self.design, chosen)
        self._participant: Participant | None = None

    @property
    def consent(self) -> str:
        """What is read before anything else; where what they write goes, if it goes anywhere, is part of it."""
        return "\n\n".join(part for part in (flowing(self.design.consent), self.whereto) if part)

    @property
    def notice(self) -> str:
        """What everybody is told after they have consented: what this is, and where help from people is."""
        return flowing(f"{notice.text(self.whereto)}\n\n{notice.HELP_FROM_PEOPLE}")

    @property
    def participant(self) -> Participant:
        assert self._participant is not None, "nobody has consented"
        return self._participant

    @property
    def farewell(self) -> str:
        """What is said at the end, and the code with which a participant can withdraw later."""
        code = self.participant.code
        later = (
            f"Your code is {code}. Keep it if you may want your part to be deleted later: whoever runs this study can "
            "do that with the code, and with nothing else."
        )
        return "\n\n".join(part for part in (flowing(self.design.thanks), later) if part)

    def enrol(self) -> tuple[Session, Settings]:
        """They have consented: they get an arm, a session to talk in, and the settings of the arm."""
        design, chosen = self.design, self._chosen
        names = [arm.name for arm in design.arms]
        made = self._store.enrol(
            self.name, partial(arm_of, names, design.seed), lambda arm: design.arm(arm).settings(chosen).model
        )
        self._participant = made
        return self._store.session(made.session_id), design.arm(made.arm).settings(chosen)

    def questions(self, moment: Moment) -> tuple[Question, ...]:
        """What is asked then."""
        return {"before": self.design.before, "reply": self.design.reply, "after": self.design.after}[moment]

    def answer(self, moment: Moment, question: Question, value: int | str | None, turn_id: int | None = None) -> None:
        """Keeps an answer; None, or no words, is a question that was left out."""
        if value is not None and value != "":
            self._store.add_answer(self.participant.code, moment, question.id, value, turn_id)

    def asks_about(self, turn_id: int) -> bool:
        """Whether the questions about a reply are asked of this one: it has words, and no danger was noticed in what
        it answers."""
        reply = self._store.turn(turn_id)
        return bool(reply.text) and not any(event.turn_id == reply.parent_id and event.card_shown
                                            for event in self._store.risk_events(reply.session_id))  # fmt: skip

    def enough(self) -> bool:
        """Whether they have just sent as many messages as are asked for."""
        turns = self._store.branch(self.participant.session_id)
        return sum(turn.role is Role.USER for turn in turns) == self.design.messages

    def finish(self) -> None:
        """They have come to the end."""
        self._store.finish_participant(self.participant.code)

    def withdraw(self) -> None:
        """Deletes everything of them. Raises StillInUse as `Store.withdraw` does."""
        self._store.withdraw(self.participant.code)


def servers(design: Design, chosen: Settings) -> list[Address]:
    """The servers that the models of the arms are on, each once. Raises NotFound for a model that there is not."""
    found = [registry.find(arm.settings(chosen).model).address for arm in design.arms]
    return list(dict.fromkeys(address for address in found if address))


def whereto(design: Design, chosen: Settings) -> str:
    """Where what participants write goes, "" where it stays in this program in every arm. Raises as `servers`.

    The same is said in every arm: that it goes somewhere must be known, in which arm must not.
    """
    addresses = servers(design, chosen)
    if not addresses:
        return ""
    return "\n".join(["In some versions of this program, or in all of them:", *map(leaving, addresses)])


class BlindConversation(Conversation):
    """A conversation that shows nothing of its arm, and that nobody's taste moves.

    A reply comes as a whole, because how it comes tells how it is made; plans and choices do not come at all.
    """

    everywhere = ""
    """Where what is said goes in any arm (`Sitting.whereto`)."""

    @property
    def whereto(self) -> str:
        return self.everywhere

    def say(self, text: str) -> Iterator[Event]:
        return _blind(super().say(text))

    def taste(self) -> dict[Tactic, float]:
        return {}


def _blind(events: Iterator[Event]) -> Iterator[Event]:
    """Raises CompanionError with TROUBLE where the conversation raises one."""
    text = ""
    try:
        for event in events:
            match event:
                case Token(piece):
                    text += piece
                case Finished() | Stopped() | Failed():
                    if text:
                        yield Token(text)
                    yield Failed(event.reply, EngineError(TROUBLE)) if isinstance(event, Failed) else event
                case UserSaved() | RiskRaised() | ReplyBegun():
                    yield event
                case _:
                    pass
    except CompanionError:
        raise CompanionError(TROUBLE) from None
