"""More like this, less of this: what the person says about replies and tactics moves the taste, step by step."""

from __future__ import annotations

from companion.errors import UsageError
from companion.store import Store
from planner.feedback import Feedback, bounded, learn
from planner.tactics import TACTICS, Tactic

VALUES = {Feedback.MORE: 1, Feedback.LESS: -1}


def taste_of(store: Store) -> dict[Tactic, float]:
    """The multiplier of each of the ten tactics; 1 where nothing was said about it."""
    return bounded({Tactic(name): value for name, value in store.taste().items()})


def prefer(store: Store, tactic: Tactic, feedback: Feedback) -> dict[Tactic, float]:
    """One step for one tactic; the taste after it."""
    taste = learn(taste_of(store), tactic, feedback)
    store.set_taste({tactic.value: taste[tactic]})
    return taste


def judge(store: Store, turn_id: int, feedback: Feedback) -> int:
    """The person's word on a reply: one step for each of its tactics. The same word again takes it back.

    Returns the judgement that stands now: 1 more like this, -1 less of this, 0 none. Raises UsageError for a reply
    without words.
    """
    turn = store.turn(turn_id)
    sentences = store.sentences(turn.session_id, turn_id - 1).get(turn_id)
    if not sentences:
        raise UsageError("There is nothing in that turn to like more or less of. Choose a reply.")
    rating = store.ratings(turn.session_id).get(turn_id)
    before = rating.value if rating else 0
    after = 0 if before == VALUES[feedback] else VALUES[feedback]
    taste = taste_of(store)
    direction = Feedback.MORE if after > before else Feedback.LESS
    moved = [tactic for tactic in TACTICS if any(tactic in sentence.tactics for sentence in sentences)]
    for tactic in moved:
        for _ in range(abs(after - before)):
            taste = learn(taste, tactic, direction)
    with store.transaction():
        store.set_taste({tactic.value: taste[tactic] for tactic in moved})
        if after:
            store.rate(turn_id, after)
        else:
            store.unrate(turn_id)
    return after
