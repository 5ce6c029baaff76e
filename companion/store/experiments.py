"""Experiments: who took part, in which arm, and what they answered."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from typing import Literal

from companion.errors import NotFound, UsageError
from companion.store.connection import now
from companion.store.forget import Forget
from companion.store.rows import Answer, ArmCount, Experiment, Participant
from companion.store.sessions import LETTERS_AND_DIGITS

CODE_LENGTH = 6
Moment = Literal["before", "reply", "after"]

_PARTICIPANTS = """SELECT p.code, p.experiment, p.number, p.session_id, s.condition, p.consented_at, p.finished_at
    FROM participants p JOIN sessions s ON s.id = p.session_id"""


class Experiments(Forget):
    def add_experiment(self, name: str, design: str, arms: Iterable[str]) -> Experiment:
        """Begins one. Raises UsageError where there is one of this name."""
        with self.transaction() as connection:
            made = connection.execute(
                "INSERT OR IGNORE INTO experiments(name, design, created_at) VALUES (?, ?, ?)", (name, design, now())
            )
            if not made.rowcount:
                raise UsageError(f"There is an experiment {name!r} already, and it stays as it is; take another name.")
            connection.executemany("INSERT INTO experiment_arms(experiment, arm) VALUES (?, ?)",
                                   [(name, arm) for arm in arms])  # fmt: skip
        return self.experiment(name)

    def experiment(self, name: str) -> Experiment:
        """Raises NotFound with the names there are."""
        rows = self._rows("SELECT name, design, created_at FROM experiments WHERE name = ?", (name,))
        if not rows:
            names = ", ".join(each.name for each in self.experiments()) or "none"
            raise NotFound(f"There is no experiment {name!r}. Known: {names}; `companion experiment new` begins one.")
        return Experiment(*rows[0])

    def experiments(self) -> list[Experiment]:
        """Oldest first."""
        rows = self._rows("SELECT name, design, created_at FROM experiments ORDER BY rowid")
        return [Experiment(*row) for row in rows]

    def enrol(self, experiment: str, arm_of: Callable[[int], str], model_of: Callable[[str], str]) -> Participant:
        """A participant who has just consented, with an empty session whose condition is their arm.

        `arm_of` gives the arm of the participant with this number, `model_of` an arm's model. Two programs never
        give the same number.
        """
        with self.transaction() as connection:
            (number,) = connection.execute(
                "SELECT sum(assigned) FROM experiment_arms WHERE experiment = ?", (experiment,)
            ).fetchone()
            arm = arm_of(number)
            session = self.new_session(
                model_of(arm), condition=arm, title=f"{experiment}, participant {number + 1}",
                settings={"experiment": experiment},
            )  # fmt: skip
            code = self._new_code()
            connection.execute(
                "INSERT INTO participants(code, experiment, number, session_id, consented_at) VALUES (?, ?, ?, ?, ?)",
                (code, experiment, number, session.id, now()),
            )
            connection.execute(
                "UPDATE experiment_arms SET assigned = assigned + 1 WHERE experiment = ? AND arm = ?", (experiment, arm)
            )
        return self.participant(code)

    def participant(self, code: str) -> Participant:
        """Raises NotFound."""
        wanted = code.strip().lower()
        rows = self._rows(f"{_PARTICIPANTS} WHERE p.code = ?", (wanted if wanted.isascii() else "",))
        if not rows:
            raise NotFound(f"There is no participant with the code {code!r}; perhaps they have withdrawn already.")
        return Participant(*rows[0])

    def participants(self, experiment: str) -> list[Participant]:
        """In the order in which they took part."""
        return [
            Participant(*row)
            for row in self._rows(f"{_PARTICIPANTS} WHERE p.experiment = ? ORDER BY p.number", (experiment,))
        ]

    def arm_counts(self, experiment: str) -> list[ArmCount]:
        """In the order of the design."""
        rows = self._rows(
            "SELECT a.arm, a.assigned, count(p.finished_at), count(p.code), a.withdrawn FROM experiment_arms a "
            "LEFT JOIN sessions s ON s.condition = a.arm "
            "LEFT JOIN participants p ON p.session_id = s.id AND p.experiment = a.experiment "
            "WHERE a.experiment = ? GROUP BY a.arm ORDER BY a.rowid",
            (experiment,),
        )
        return [ArmCount(*row) for row in rows]

    def add_answer(
        self, code: str, moment: Moment, question: str, value: int | str, turn_id: int | None = None
    ) -> None:
        """What a participant answered; one that is given again about the same takes the place of the first."""
        with self.transaction() as connection:
            connection.execute(
                "DELETE FROM answers WHERE code = ? AND moment = ? AND question = ? AND turn_id IS ?",
                (code, moment, question, turn_id),
            )
            connection.execute(
                "INSERT INTO answers(code, moment, turn_id, question, value, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (code, moment, turn_id, question, json.dumps(value), now()),
            )

    def answers(self, code: str) -> list[Answer]:
        """In the order in which they were given."""
        rows = self._rows(
            "SELECT moment, question, value, created_at, turn_id FROM answers WHERE code = ? ORDER BY rowid", (code,)
        )
        return [Answer(moment, question, json.loads(value), at, turn) for moment, question, value, at, turn in rows]

    def finish_participant(self, code: str) -> None:
        """They have come to the end."""
        with self.transaction() as connection:
            connection.execute("UPDATE participants SET finished_at = ? WHERE code = ?", (now(), code))

    def withdraw(self, code: str) -> None:
        """Deletes a participant and everything they said and answered, from every file; that somebody withdrew from
        this arm is counted. Raises NotFound, and StillInUse as `delete` does."""
        participant = self.participant(code)
        with self.transaction() as connection:
            connection.execute(
                "UPDATE experiment_arms SET withdrawn = withdrawn + 1 WHERE experiment = ? AND arm = ?",
                (participant.experiment, participant.arm),
            )
            self.delete_rows(participant.session_id)
        self.scrub()

    def _new_code(self) -> str:
        while True:
            code = "".join(secrets.choice(LETTERS_AND_DIGITS) for _ in range(CODE_LENGTH))
            if not self._rows("SELECT 1 FROM participants WHERE code = ?", (code,)):
                return code
