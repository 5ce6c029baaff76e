"""P13: what is said leaves this machine only for a server that the person has agreed to, and that is always shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import paths
from companion.engine import consent
from companion.engine.address import Address
from companion.engine.consent import ConsentNeeded, leaving
from companion.engine.scripted import ScriptedEngine
from companion.errors import CompanionError, Refused, UsageError
from companion.modelhub import registry
from companion.modelhub.entry import Entry
from companion.modelhub.on_server import engine_for
from tests.companion.openai_server import MODEL, Ability, OpenAIServer
from tests.companion.terminal import Terminal
from tests.conftest import Program, said_no_more_than_a_sentence, with_encoder

FAR = Address.parse("http://gpu.example:8000/v1")


@pytest.fixture(autouse=True)
def nothing_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a fresh run of the program."""
    monkeypatch.setattr(consent, "_agreed_here", set())


def on_server(url: str, **more: Any) -> Entry:
    return Entry(name="far", engine="openai", base_url=url, model_id=MODEL, **more)


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name", "base", "root", "local"),
    [
        ("http://localhost:8000", "localhost:8000", "http://localhost:8000/v1", "http://localhost:8000", True),
        ("http://127.0.0.1:8000/v1/", "127.0.0.1:8000", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000", True),
        ("http://[::1]:80/v1", "[::1]:80", "http://[::1]:80/v1", "http://[::1]:80", True),
        ("https://gpu/api/v1", "gpu:443", "https://gpu:443/api/v1", "https://gpu:443/api", False),
        ("http://192.168.1.5:11434", "192.168.1.5:11434", "http://192.168.1.5:11434/v1", "http://192.168.1.5:11434",
         False),
        ("http://localhost.example", "localhost.example:80", "http://localhost.example:80/v1",
         "http://localhost.example:80", False),
        ("https://bücher.example", "xn--bcher-kva.example:443", "https://xn--bcher-kva.example:443/v1",
         "https://xn--bcher-kva.example:443", False),
    ],
)  # fmt: skip
def test_an_address_says_where_it_leads(url: str, name: str, base: str, root: str, local: bool) -> None:
    address = Address.parse(url)
    assert (address.name, address.base, address.root, address.local) == (name, base, root, local)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://gpu/v1", "does not begin with http"),
        ("file:///etc/passwd", "does not begin with http"),
        ("http://", "not the name of a host"),
        ("http://me:word@gpu/v1", "a name or a password in it"),
        ("http://gpu/v1?key=word", "more after its path"),
        ("http://gpu:99999/v1", "is not an address"),
        ("http://gpu/\nv1", "has characters in it"),
        ("http://gpu\u202e/v1", "has characters in it"),
        ("http://a..b/v1", "not the name of a host"),
        ("http://-a/v1", "not the name of a host"),
        ("http://127.0.0.1 /v1", "has characters in it"),
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Address.parse(url)


@given(st.text())
def test_whatever_is_given_is_an_address_or_refused(url: str) -> None:
    for text in (url, f"http://{url}", f"https://{url}:1/v1"):
        try:
            address = Address.parse(text)
        except ValueError:
            continue
        assert address.name.isascii()
        assert Address.parse(address.base) == address


def test_a_wrong_address_in_the_list_of_models_names_the_file(own_home: Path) -> None:
    paths.private_folder(paths.data_folder())
    registry.models_file().write_text('[far]\nengine = "openai"\nbase_url = "gpu:8000"\nmodel_id = "m"\n')
    with pytest.raises(UsageError, match=r"models\.toml.*'gpu:8000' does not begin with http"):
        registry.find("far")


# -- consent ----------------------------------------------------------------------------------------------------------


def test_consent_holds_for_one_server_and_is_remembered_in_a_file_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent.give(FAR, tmp_path)
    monkeypatch.setattr(consent, "_agreed_here", set())
    assert consent.given(FAR, tmp_path)
    for other in ("http://gpu.example:8001", "https://gpu.example:8000", "http://gpu.example.org:8000"):
        assert not consent.given(Address.parse(other), tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_off_the_record_consent_is_not_written_down(tmp_path: Path) -> None:
    consent.give(FAR, None)
    assert consent.given(FAR, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "[3, null]", '{"a": 1}', "[" * 100_000])
def test_a_file_that_cannot_be_read_is_no_consent(tmp_path: Path, content: str) -> None:
    (tmp_path / "servers.json").write_text(content)
    assert not consent.given(FAR, tmp_path)


def test_this_machine_needs_no_consent(tmp_path: Path) -> None:
    assert consent.given(Address.parse("http://localhost:1"), tmp_path)


def test_the_question_says_that_the_way_is_open_where_it_is() -> None:
    assert "leaves this machine for gpu.example:8000" in ConsentNeeded(FAR).question
    assert "anybody in between can read it" in ConsentNeeded(FAR).question
    assert "anybody" not in leaving(Address.parse("https://gpu.example"))
    assert "on this machine" in leaving(Address.parse("http://localhost:1"))


# -- commands ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def far(told: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A model `far` on another machine, whose engine says what it is told to."""
    registry.add(on_server(FAR.base))
    told.engine = ScriptedEngine(["Yes."] * 9, address=FAR)
    monkeypatch.setattr("companion.modelhub.on_server.OpenAIEngine", lambda *_, **__: told.engine)
    return told


@pytest.mark.parametrize("command", [("say", "hello"), ("say", "-"), ("chat", "--plain"), ("say", "--off-record", "x")])
def test_without_consent_nothing_is_said_to_it_and_the_sentence_says_what_to_do(
    far: Program, command: tuple[str, ...]
) -> None:
    outcome = far(*command, "--model", "far", typed="hello\n")
    assert outcome.code == Refused.exit_code
    sentence = said_no_more_than_a_sentence(outcome)
    assert "would leave this machine for gpu.example:8000" in sentence
    assert "--yes" in sentence
    assert far.engine.heard == []
    assert far.engine.loads == 0


def test_say_takes_a_yes_for_this_time_only(far: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = far("say", "--yes", "--model", "far", "hello")
    assert (outcome.code, outcome.out) == (0, "Yes.\n")
    assert "leaves this machine for gpu.example:8000" in outcome.err
    monkeypatch.setattr(consent, "_agreed_here", set())
    assert far("say", "--model", "far", "hello").code == Refused.exit_code


def test_a_yes_changes_nothing_for_a_model_on_this_machine(told: Program) -> None:
    told.says("Yes.")
    assert told("say", "--yes", "hello").out == "Yes.\n"


def test_the_plain_chat_begins_with_where_the_words_go(far: Program) -> None:
    consent.give(FAR, paths.private_folder(paths.state_folder()))
    outcome = far("chat", "--plain", "--model", "far", typed="hello\n")
    assert outcome.code == 0
    assert outcome.out.startswith("What you write, and the conversation before it, leaves this machine for gpu.example")


def test_the_notice_does_not_say_that_nothing_is_sent_where_something_is(far: Program, own_home: Path) -> None:
    (paths.state_folder() / "notice").unlink()
    outcome = far("say", "--yes", "--model", "far", "hello")
    assert "a program, not a person" in outcome.err
    assert "nothing is sent" not in outcome.err


@with_encoder
def test_in_a_terminal_the_person_is_asked_and_a_no_is_a_no(own_home: Path) -> None:
    registry.add(on_server(FAR.base))
    with Terminal("chat", "--plain", "--model", "far") as chat:
        chat.until("Do you agree? [y/N]: ")
        chat.type("n\n")
        assert chat.end() == Refused.exit_code
    assert not (paths.state_folder() / "servers.json").exists()


@with_encoder
def test_a_model_on_a_server_of_this_machine_is_talked_to_like_any_other(own_home: Path) -> None:
    server = OpenAIServer(lambda body: "I hear you. That is hard.", Ability(key="sk-secret"))
    key = own_home.parent / "key"
    key.write_text("sk-secret\n")
    key.chmod(0o600)
    registry.add(on_server(server.url, api_key_file=key))
    with Terminal("chat", "--plain", "--model", "far") as chat:
        chat.until(f"goes to the server {server.address.name} on this machine")
        chat.until("You: ")
        chat.type("hello there\n")
        chat.until("Companion: I hear you. That is hard.\r\n")
        chat.type("/quit\n")
        assert chat.end() == 0
        assert "sk-secret" not in chat.shown
    assert server.asked
    assert all(b"sk-secret" not in file.read_bytes() for file in own_home.rglob("*") if file.is_file())
    server.close()


# -- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "mode", "kind", "sentence"),
    [
        ("sk-x\n", 0o644, Refused, "Others may read the key in"),
        ("\n", 0o600, UsageError, "holds no key for far"),
        ("two words\u00e9", 0o600, UsageError, "something that is no key"),
    ],
)
def test_a_key_file_that_is_not_right_is_a_sentence_without_the_key(
    tmp_path: Path, content: str, mode: int, kind: type[CompanionError], sentence: str
) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(mode)
    with pytest.raises(kind, match=sentence) as error:
        engine_for(on_server(FAR.base, api_key_file=file))
    assert "sk-" not in str(error.value)


def test_a_key_in_the_environment_is_named_and_missed_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = on_server(FAR.base, api_key_env="GPU_KEY")
    with pytest.raises(UsageError, match="the variable GPU_KEY holds no key for far"):
        engine_for(entry)
    monkeypatch.setenv("GPU_KEY", "sk-x")
    assert engine_for(entry).address == FAR
    assert "sk-x" not in repr(entry)
