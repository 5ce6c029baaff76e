"""Why a reply is as it is, in words and numbers, from what was stored of it: for `/why` and the chat's own screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from companion.speaking.choice import why_kept
from companion.store import Candidate, Empathy, FactorRow, PlanRow, Rating, Sentence, Store, Turn
from companion.taste import taste_of
from planner.tactics import TACTICS, Tactic

LEGEND = "need: what people do next at such a point; rested: lowered because it was used; weight: the outcome."
PARTS = "plan, novelty and quality count for a way, opener, run on and echo against it."
AS_IT_CAME = "The reply was said as it came, without comparing ways to say it."
NO_PLAN = "This reply was made without a plan."
NO_TACTIC = "no tactic"
NOT_READ = "No sentence of this reply was read for its tactics."
NOT_RATED = "No rater has read this reply."
NOT_TIMED = "No timings were kept."
RATED = "What a rater makes of it"
GUESS = (
    "This is a model's guess, and it can be wrong. More of the first three is kinder, more of the last three is not."
)
JUDGED = {1: "You want more like this.", -1: "You want less of this."}
NOT_JUDGED = "You have not said what you think of this reply."

DIMENSIONS = {
    "validating_emotions": "accepts the feeling",
    "encouraging_elaboration": "invites to tell more",
    "demonstrating_understanding": "shows understanding",
    "unsolicited_advice": "advice nobody asked for",
    "self_orientation": "turns to itself",
    "dismissing_emotions": "waves the feeling away",
}
"""The rater's six dimensions (`companion.rating`) as they are shown."""

DEGREES = ("not at all", "a little", "somewhat", "much", "very much")
"""1 to 5 in words."""


@dataclass(frozen=True, slots=True)
class Account:
    """All that was stored about one reply."""

    turn: Turn
    plan: PlanRow | None
    sentences: tuple[Sentence, ...]
    choices: tuple[tuple[Candidate, ...], ...]
    empathy: tuple[Empathy, ...]
    rating: Rating | None
    taste: Mapping[Tactic, float]
    """As it is now."""

    @property
    def tactics(self) -> tuple[Tactic, ...]:
        """What the reply did, each tactic once, in the fixed order."""
        return tuple(t for t in TACTICS if any(t in sentence.tactics for sentence in self.sentences))


def account_of(store: Store, turn_id: int) -> Account:
    """What was stored about a reply. Raises NotFound for a turn that is not there."""
    turn = store.turn(turn_id)
    return Account(
        turn=turn,
        plan=store.plan(turn_id),
        sentences=store.sentences(turn.session_id, turn_id - 1).get(turn_id, ()),
        choices=tuple(store.candidates(turn_id)),
        empathy=store.empathy(turn.session_id).get(turn_id, ()),
        rating=store.ratings(turn.session_id).get(turn_id),
        taste=taste_of(store),
    )


def explain_reply(store: Store, turn_id: int) -> str:
    """Why a reply is as it is, all that is known; for `/why` and to be copied. Raises NotFound."""
    known = account_of(store, turn_id)
    parts = [
        explain_plan(known.plan) if known.plan else NO_PLAN,
        explain_choices(known.choices),
        explain_sentences(known.sentences),
        explain_judgement(known),
        explain_empathy(known.empathy),
        timing_words(known.turn),
    ]
    return "\n\n".join(parts)


# -- the plan ---------------------------------------------------------------------------------------------------------


def explain_plan(made: PlanRow) -> str:
    """The reason, then a row for each tactic: its weight and what raised or lowered it."""
    if not made.factors:
        rows = [f"{label(tactic):<22}{weight:>8.0%}" for tactic, weight in by_weight(made)]
        return "\n".join([made.reason, "", f"{'tactic':<22}{'weight':>8}", *rows])
    rows = [made.reason, "", f"{'tactic':<22}{'need':>7}{'taste':>8}{'rested':>8}{'weight':>8}"]
    for factor in heaviest_first(made):
        rows.append(
            f"{label(factor.tactic):<22}{factor.need:>7.0%}{f'x{factor.taste:.2f}':>8}"
            f"{f'x{factor.novelty:.2f}':>8}{factor.weight:>8.0%}  {mark(factor, made)}".rstrip()
        )
    return "\n".join([*rows, "", LEGEND])


def heaviest_first(made: PlanRow) -> list[FactorRow]:
    """The plan's factors by weight."""
    return sorted(made.factors, key=lambda factor: -factor.weight)


def by_weight(made: PlanRow) -> list[tuple[str, float]]:
    """The plan's weights, the heaviest first; for plans of which the factors were not kept."""
    return sorted(made.weights.items(), key=lambda each: -each[1])


def mark(factor: FactorRow, made: PlanRow) -> str:
    """What the plan says of a tactic beside its weight."""
    return "aimed for" if factor.tactic in made.targets else "closed" if not factor.gate else ""


def label(tactic: str) -> str:
    """A stored tactic's name as it is shown."""
    return Tactic(tactic).label


# -- the ways a sentence could have gone ------------------------------------------------------------------------------


def kept_first(considered: Sequence[Candidate]) -> list[Candidate]:
    """The ways a sentence could have gone, the one that was said first."""
    return sorted(considered, key=lambda each: not each.kept)


def reason_kept(considered: Sequence[Candidate]) -> str:
    """Why the one that was said was kept, in words."""
    kept = next((number for number, each in enumerate(considered) if each.kept), None)
    reason = why_kept([each.score for each in considered], kept)
    return f"kept: {reason}" if kept is not None else f"nothing kept: {reason}"


def score_words(each: Candidate) -> str:
    """The total and the parts of a candidate's score, or why it was not to be said."""
    if each.veto:
        return f"not to be said: {each.veto}"
    parts = "  ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in each.score.items() if name != "total")
    return f"{each.score['total']:.2f}: {parts}"


def listed_tactics(tactics: Iterable[str]) -> str:
    """Tactics with commas between them, or that there is none."""
    return ", ".join(map(label, tactics)) or NO_TACTIC


def explain_choices(choices: Sequence[Sequence[Candidate]]) -> str:
    """For each sentence the ways it could have gone, the kept one first, with the parts of their scores."""
    if not choices:
        return AS_IT_CAME
    rows = []
    for number, considered in enumerate(choices, start=1):
        rows += ["", f"Sentence {number}, {reason_kept(considered)}."]
        for each in kept_first(considered):
            rows.append(f"  {'>' if each.kept else ' '} {each.text}  [{listed_tactics(each.tactics)}]")
            rows.append(f"      {score_words(each)}")
    return "\n".join([*rows[1:], "", PARTS])


# -- what became of it ------------------------------------------------------------------------------------------------


def tactic_scores(sentence: Sentence) -> str:
    """The tactics a sentence is tagged with, the surest first, with the tagger's scores from 0 to 1."""
    surest = sorted(sentence.tactics.items(), key=lambda each: -each[1])
    return ", ".join(f"{label(tactic)} {score:.2f}" for tactic, score in surest) or NO_TACTIC


def explain_sentences(sentences: Sequence[Sentence]) -> str:
    """Every sentence with its tactics."""
    if not sentences:
        return NOT_READ
    rows = [f"  {sentence.text}  [{tactic_scores(sentence)}]" for sentence in sentences]
    return "\n".join(["What each sentence does:", *rows])


def with_choices(
    sentences: Sequence[Sentence], choices: Sequence[Sequence[Candidate]]
) -> list[tuple[Sentence | None, Sequence[Candidate]]]:
    """Each sentence with the ways considered for it, none where it was said as it came.

    A way may be longer than one sentence: then they stand with its first. Ways of which nothing was said come last,
    without a sentence.
    """
    waiting = list(choices)
    rows: list[tuple[Sentence | None, Sequence[Candidate]]] = []
    for sentence in sentences:
        found = next(
            (each for each in waiting if any(way.kept and way.text.startswith(sentence.text) for way in each)), None
        )
        if found is not None:
            waiting.remove(found)
        rows.append((sentence, found or ()))
    return rows + [(None, left) for left in waiting]


def explain_judgement(known: Account) -> str:
    """What the person said of the reply, and where the tactics it uses stand in their taste now."""
    rating = known.rating
    said = JUDGED.get((rating.value > 0) - (rating.value < 0), NOT_JUDGED) if rating else NOT_JUDGED
    if rating and rating.note:
        said += f" Your note: {rating.note}"
    if not known.tactics:
        return said
    stands = ", ".join(f"{tactic.label} x{known.taste[tactic]:.2f}" for tactic in known.tactics)
    return f"{said} Your taste now: {stands}."


def empathy_table(rated: Empathy) -> str:
    """The six dimensions, a line each, and their ratings in words."""
    return "\n".join(f"  {words:<25}{degree(getattr(rated, name))}" for name, words in DIMENSIONS.items())


def degree(value: float) -> str:
    """A rating from 1 to 5 in words, with the number."""
    nearest = min(5, max(1, round(value)))
    return f"{DEGREES[nearest - 1]} ({value:.1f} of 5)"


def explain_empathy(ratings: Sequence[Empathy]) -> str:
    """How raters judge the reply, dimension by dimension."""
    if not ratings:
        return NOT_RATED
    tables = [f"{RATED} ({rated.rater}):\n{empathy_table(rated)}" for rated in ratings]
    return "\n".join([*tables, GUESS])


def timing_words(turn: Turn) -> str:
    """How much was read and written for a reply, and how long it took."""
    said = []
    if turn.prompt_tokens is not None and turn.reply_tokens is not None:
        said.append(f"{turn.prompt_tokens:,} tokens in the prompt, {turn.reply_tokens:,} in the reply.")
    if turn.ms_first is not None:
        said.append(f"First word after {turn.ms_first / 1000:.1f} s.")
    if turn.ms_total is not None:
        said.append(f"The whole after {turn.ms_total / 1000:.1f} s.")
    return " ".join(said) or NOT_TIMED
