"""The faults. Each happens to a room, while programs talk in it or between them."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.disk import Disk, NoDisk
from tests.faults.program import DEADLINE, send
from tests.faults.room import MODEL, Room

DISK = 24_000_000
"""Bytes of a small disk: a database, and nothing much beside it."""


def program_killed(room: Room) -> None:
    """kill -9 of a program that talks."""
    program = room.talker(room.some_session())
    room.orders(program, room.chance.randint(1, 4))
    room.moment(program)
    workers = program.children()
    program.signal(signal.SIGKILL)
    room.tally.kills += 1
    room.over(program, workers)


def say_killed(room: Room) -> None:
    """kill -9 of `companion say`."""
    text = room.text()
    program = room.companion("say", text)
    if room.chance.random() < 0.7:
        program.until(lambda: program.out)
        program.pause(room.chance.uniform(0.0, 0.3))
    else:
        program.pause(room.chance.uniform(0.0, 1.5))
    workers = program.children()
    program.signal(signal.SIGKILL)
    room.tally.kills += 1
    room.over(program, workers)
    if program.out:
        room.witness.said.add(text)
        room.witness.answers[text] = program.out.decode("utf-8", "ignore").rstrip()


def plain_chat_ended(room: Room) -> None:
    """A signal that ends the plain chat, or kill -9."""
    program = room.companion("chat", "--plain", *_resuming(room))
    messages = [" ".join(room.text().split()) for _ in range(3)]
    room.witness.sent |= set(messages)
    program.write("".join(f"{message}\n" for message in messages))
    shown = room.chance.randint(1, 60)
    program.until(lambda: program.out.count(b" ") > shown, 4.0)
    program.pause(room.chance.uniform(0.0, 0.05))
    workers = program.children()
    number = room.chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP))
    program.signal(number)
    room.tally.kills += number == signal.SIGKILL
    room.over(program, workers)
    room.witness.see(messages, program.out.decode("utf-8", "ignore"))


def child_killed(room: Room) -> None:
    """kill -9 of the model process, several times; sometimes of the program with it."""
    program = room.talker(room.some_session())
    room.tally.kills += 1
    for _ in range(room.chance.randint(1, 3)):
        room.orders(program, 1)
        room.moment(program)
        send(program.children(), signal.SIGKILL)
    if room.chance.random() < 0.3:
        workers = program.children()
        send(workers, signal.SIGKILL)
        program.signal(signal.SIGKILL)
        room.over(program, workers)
        return
    room.talks_again(program)
    room.over(program)


def child_frozen(room: Room) -> None:
    """The model process is stopped; it goes on after a while, or the person stops the reply."""
    program = room.talker(room.some_session())
    room.orders(program, 2)
    room.moment(program)
    frozen = program.children()
    send(frozen, signal.SIGSTOP)
    if room.chance.random() < 0.5:
        program.pause(room.chance.uniform(0.0, 0.5))
        send(frozen, signal.SIGCONT)
    deadline = time.monotonic() + DEADLINE
    while not program.until(lambda: program.idle, 1.0) and time.monotonic() < deadline:
        if program.process.poll() is not None:
            break
        seen = len(program.facts)
        program.pause(0.5)
        if len(program.facts) == seen:  # nothing comes: a person presses Ctrl-C
            program.signal(signal.SIGINT)
    send(program.children(), signal.SIGCONT)
    room.talks_again(program)
    room.over(program)


def clock_jumps(room: Room) -> None:
    """Every look at the wall clock gives a time that may lie months before or after the last one."""
    program = room.talker(room.some_session(), FAULTS_CLOCK=str(room.chance.random()))
    room.orders(program, 2)
    if room.chance.random() < 0.5:
        room.moment(program)
        workers = program.children()
        program.signal(signal.SIGKILL)
        room.tally.kills += 1
        room.over(program, workers)
        return
    room.talks_again(program)
    room.over(program)


def two_programs(room: Room) -> None:
    """Two programs talk in one session; sometimes one of them is killed."""
    first = room.talker(room.some_session())
    session = first.told("opened")
    room.orders(first, 1)
    if not first.told("saved"):  # an empty session would be gone with its program
        room.over(first)
        return
    second = room.talker(session)
    for program in (first, second):
        room.orders(program, 2)
    if room.chance.random() < 0.5:
        room.moment(second)
        workers = second.children()
        second.signal(signal.SIGKILL)
        room.tally.kills += 1
        room.over(second, workers)
    else:
        room.talks_again(second)
        room.over(second)
    room.talks_again(first)
    room.over(first)


def model_changed(room: Room) -> None:
    """The model file is cut, overwritten, replaced or removed while it is in use; then it is put back."""
    model = room.home / "model.gguf"
    good = MODEL.read_bytes()
    model.write_bytes(good)
    program = room.talker(room.some_session(), COMPANION_MODEL=str(model))
    program.told("opened")  # one that finds no model says so and ends
    room.orders(program, 1)
    room.moment(program)
    _change(room, model, good)
    room.orders(program, 1)
    if room.chance.random() < 0.5:
        room.moment(program)
        send(program.children(), signal.SIGKILL)
        room.tally.kills += 1
        room.orders(program, 1)
    program.until(lambda: program.idle)
    fresh = model.with_suffix(".new")
    fresh.write_bytes(good)
    fresh.replace(model)
    send(program.children(), signal.SIGKILL)  # what it has mapped is the broken file
    room.talks_again(program)
    room.over(program)


def disk_full(room: Room) -> None:
    """No space is left, at a random moment; later there is some again."""
    try:
        disk = Disk(room.beside("small"), DISK)
    except NoDisk:
        _file_size_limit(room)
        return
    with disk:
        small = Room(disk.place, room.chance, room.tally, room.label, disk.inside, number=room.number)
        program = small.talker()
        small.orders(program, 2)
        small.moment(program)
        disk.fill(room.chance.choice((0, 4096, 16384, 65536)))
        small.orders(program, 2)
        program.until(lambda: program.idle)
        if room.chance.random() < 0.3:
            program.signal(signal.SIGKILL)
            room.tally.kills += 1
            small.over(program, program.children())
            program = small.talker(small.some_session())  # it may not even start
            small.orders(program, 1)
            program.until(lambda: program.idle)
        if program.process.poll() is not None:
            small.over(program)
            disk.free()
            program = small.talker()
        disk.free()
        small.talks_again(program)
        small.over(program)
        small.check()


def _file_size_limit(room: Room) -> None:
    """Where there can be no small disk: no file may grow, which the system reports in another way."""
    room.tally.faults["(no small disk here: a limit on file sizes)"] += 1
    program = room.talker()
    room.orders(program, 1)
    room.moment(program)
    if program.process.poll() is None:
        largest = room.chance.randint(4096, 200_000)
        resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        room.orders(program, 2)
        program.until(lambda: program.idle)
        free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        if program.process.poll() is None:
            resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, free)
            room.talks_again(program)
    room.over(program)


def read_only(room: Room) -> None:
    """The database may be read and not written; later it may."""
    try:
        disk = Disk(room.beside("locked"), DISK)
    except NoDisk:
        room.tally.faults["(no disk of its own here: not made read-only)"] += 1
        return
    with disk:
        locked = Room(disk.place, room.chance, room.tally, room.label, disk.inside, number=room.number)
        program = locked.talker()
        locked.orders(program, 2)
        if room.chance.random() < 0.5:  # what is in the write-ahead log is then still there
            locked.moment(program)
            workers = program.children()
            program.signal(signal.SIGKILL)
            room.tally.kills += 1
        else:
            program.until(lambda: program.idle)
            workers = program.children()
        locked.over(program, workers)
        disk.may_be_written(False)
        for arguments in (("say", "is anybody there?"), ("sessions",), ("data",)):
            locked.over(locked.companion(*arguments))
        locked.over(locked.talker(locked.some_session()))
        disk.may_be_written(True)
        program = locked.talker()
        locked.talks_again(program)
        locked.over(program)
        locked.check()


def page_damaged(room: Room) -> None:
    """Random bytes in a page of a copy of the database. What is on it is gone; it must be said, and not hidden."""
    if not room.database.exists() or not room.witness.committed:
        program_killed(room)
    room.look()  # closes it properly: everything is in the one file
    copy = room.copy(room.beside("damaged"))
    _damage(copy)
    for arguments in (("sessions",), ("say", copy.text()), ("chat", "--plain"), ("doctor",)):
        program = copy.companion(*arguments)
        if arguments[0] == "chat":
            program.write("are you there?\n")
        copy.over(program)
    turns, problems, trouble = copy.look()
    lost = copy.witness.missing(turns)
    if lost and not problems and not trouble:
        room.tally.lost += [f"{room.label}: {each}, on a damaged page, and nothing says so" for each in lost]
    room.tally.behind_damage += len(lost)
    shutil.rmtree(copy.home)


def _damage(room: Room) -> None:
    size = 4096
    with room.database.open("r+b") as file:
        pages = os.fstat(file.fileno()).st_size // size
        page = room.chance.randrange(pages)
        start = room.chance.randrange(size) if room.chance.random() < 0.5 else 0
        length = room.chance.randint(1, size - start)
        file.seek(page * size + start)
        file.write(room.chance.choice((bytes(length), room.chance.randbytes(length))))


def _change(room: Room, model: Path, good: bytes) -> None:
    chance = room.chance
    match chance.choice(("cut", "empty", "overwrite", "other", "garbage", "remove")):
        case "cut":
            os.truncate(model, chance.randrange(len(good)))
        case "empty":
            os.truncate(model, 0)
        case "overwrite":
            with model.open("r+b") as file:
                file.seek(chance.randrange(len(good)))
                file.write(chance.randbytes(200_000))
        case "other":
            fresh = model.with_suffix(".new")
            fresh.write_bytes(good)
            fresh.replace(model)
        case "garbage":
            fresh = model.with_suffix(".new")
            fresh.write_bytes(good[: chance.randrange(64)] + chance.randbytes(100_000))
            fresh.replace(model)
        case _:
            model.unlink()


def _resuming(room: Room) -> list[str]:
    session = room.some_session()
    return ["--resume", "last"] if session else []


KINDS: dict[str, tuple[Callable[[Room], None], int]] = {
    "program killed": (program_killed, 14),
    "say killed": (say_killed, 5),
    "plain chat killed": (plain_chat_ended, 5),
    "model process killed": (child_killed, 6),
    "model process frozen": (child_frozen, 1),
    "clock jumps": (clock_jumps, 1),
    "two programs in one session": (two_programs, 1),
    "model file changed": (model_changed, 1),
    "disk full": (disk_full, 1),
    "read-only": (read_only, 1),
    "damaged page": (page_damaged, 1),
}
"""The faults by name, and how often each is drawn."""
