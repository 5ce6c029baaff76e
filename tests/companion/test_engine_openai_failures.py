"""The engine for servers where they fail, or there is none: a sentence each, and what had arrived is kept."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from companion.engine.address import Address
from companion.engine.openai import OpenAIEngine
from companion.engine.protocol import ContextFull, EngineCancelled, EngineError, Finish, Message, Piece, Thinking
from tests.companion.openai_server import DONE, MODEL, Answer, Events, Json, delta
from tests.companion.openai_talk import HELLO, PLAIN, Serve, engine_for, said
from tests.companion.openai_talk import serve as serve

FAILURES: list[tuple[Answer | Events, str]] = [
    (Answer(401, {"error": {"message": "Qzxw", "code": "invalid_api_key"}}), "does not let this program in .401, inv"),
    (Answer(403, "Qzxw"), "does not let this program in .403.*api_key_env"),
    (Answer(404, {"error": {"message": "no Qzxw"}}), "has nothing at /v1, or no model 'org/model'"),
    (Answer(429, "", {"Retry-After": "120"}), "no more requests for now .429.*asks to wait 120 seconds"),
    (Answer(429, ""), "no more requests for now .429.*does not say how long"),
    (Answer(429, "", {"Retry-After": "0"}), "no more requests for now"),
    (Answer(400, {"error": {"message": "Qzxw", "type": "BadRequestError", "code": 400}}), "400, BadRequestError"),
    (Answer(500, "<html>Qzxw"), "trouble of its own .500"),
    (Answer(503, {"error": {"message": "Loading model", "type": "unavailable_error"}}), "503, unavailable_error"),
    (Answer(302, "", {"Location": "http://192.0.2.1/v1"}), "sends on to another address .302.*not followed"),
    (Answer(200, "<html>Qzxw"), "makes no sense .not JSON"),
    (Answer(200, "[1]"), "makes no sense .not an object"),
    (Events(["data: {Qzxw\n\n"]), "makes no sense .not JSON"),
    (Events(['data: "Qzxw"\n\n']), "makes no sense .not an object"),
    (Events(['data: {"choices": 3}\n\n']), "makes no sense .no choices"),
    (Events(['data: {"choices": [3]}\n\n']), "makes no sense .no choice"),
    (Events(["data: " + "[" * 100_000 + "\n\n"]), "makes no sense"),
    (Events([]), "broke off. Try again"),
    (
        Events([delta("Yes"), 'data: {"error": {"message": "Qzxw", "type": "server_error"}}\n\n']),
        "server_error.*is kept",
    ),
    (Events([delta("Yes")]), "broke off. What had arrived is kept"),
    (Events([delta("Yes"), "data: {Qzxw\n\n"]), "makes no sense.*is kept"),
    (Events([delta("Yes", "content_filter"), DONE]), "holds the rest of this reply back"),
]


@pytest.mark.parametrize(("answer", "sentence"), FAILURES)
def test_a_failure_is_a_sentence_without_what_was_said_and_the_next_reply_is_whole(
    serve: Serve, answer: Answer | Events, sentence: str
) -> None:
    answers: list[Answer | Events | str] = [answer] * (3 if "'0'" in str(answer) else 1)
    server = serve(lambda body: answers.pop(0) if answers else "All is well.")
    engine = engine_for(server)
    engine.load()
    arrived: list[Piece | Thinking | Finish] = []
    with pytest.raises(EngineError, match=sentence) as error:
        arrived.extend(engine.stream(HELLO, PLAIN))
    assert server.address.name in str(error.value)
    assert "Qzxw" not in str(error.value)
    assert said(engine)[1] == "All is well."


def test_what_had_arrived_before_a_failure_has_been_given(serve: Serve) -> None:
    stream = engine_for(serve(lambda body: Events([delta("Yes")]))).stream(HELLO, PLAIN)
    assert next(stream) == Piece("Yes")
    with pytest.raises(EngineError, match="broke off"):
        next(stream)


def test_a_server_that_asks_for_a_moment_gets_it(serve: Serve) -> None:
    answers = [Answer(429, "", {"Retry-After": "0"})] * 2
    assert said(engine_for(serve(lambda body: answers.pop() if answers else "Yes.")))[1] == "Yes."


def test_a_wait_that_the_server_asks_for_can_be_stopped(serve: Serve) -> None:
    waiting = threading.Event()

    def say(body: Json) -> Answer:
        waiting.set()
        return Answer(429, "", {"Retry-After": "9"})

    engine = engine_for(serve(say))
    engine.load()
    threading.Thread(target=lambda: (waiting.wait(60), engine.cancel())).start()
    assert said(engine)[2].reason == "cancelled"


def test_a_wrong_model_is_named_with_those_that_there_are(serve: Serve) -> None:
    server = serve(models=("one", "two"))
    with pytest.raises(EngineError, match=r"has no model 'org/model'\. It has: one, two\. Set `model_id`"):
        engine_for(server).load()
    assert server.asked == []


def test_a_model_that_is_gone_later_is_named_too_and_the_server_is_asked_anew(serve: Serve) -> None:
    server = serve()
    engine = engine_for(server)
    engine.load()
    server.ability.models = ("other",)
    server.say = lambda body: Answer(404, {"error": {"message": "gone"}})
    with pytest.raises(EngineError, match="no model 'org/model'"):
        said(engine)
    with pytest.raises(EngineError, match="It has: other"):
        said(engine)


def test_a_server_that_does_not_list_its_models_is_taken_at_its_word(serve: Serve) -> None:
    assert said(engine_for(serve(lists=False)))[1] == "Yes."


@pytest.mark.parametrize(
    "error",
    [
        {"type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 2048},
        {"message": "This model's maximum context length is 2048 tokens. However, your request has 5000 input tokens."},
        {"message": "This model's maximum context length is 2048 tokens, however you requested 5016 tokens (5000 in "
                    "your prompt; 16 for the completion)."},
        {"message": "This model's maximum context length is 2048 tokens, but your messages resulted in 5000 tokens."},
    ],
)  # fmt: skip
def test_a_prompt_that_is_too_long_is_known_in_the_words_of_every_server(serve: Serve, error: Json) -> None:
    with pytest.raises(ContextFull) as full:
        said(engine_for(serve(lambda request: Answer(400, {"error": error}))))
    assert (full.value.tokens, full.value.context) == (5000, 2048)


def test_a_server_that_breaks_off_without_a_word_over_a_long_prompt_is_understood(serve: Serve) -> None:
    engine = engine_for(serve(lambda body: Events([])), context=1000)
    with pytest.raises(ContextFull, match="reads 1000"):
        list(engine.stream([Message("user", "word " * 1500)], PLAIN))


def test_nobody_there_is_a_sentence_that_names_the_address_and_the_next_step() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = Address.parse(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(EngineError, match=f"no connection to {address.name}: the connection was refused. See that"):
            OpenAIEngine(address, MODEL).load()


def test_a_server_that_says_nothing_is_given_up_and_a_slow_one_can_be_cancelled() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = Address.parse(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(EngineError, match="has said nothing for 0 seconds"):
            OpenAIEngine(address, MODEL, silence=0.05).load()
        engine = OpenAIEngine(address, MODEL)
        threading.Thread(target=lambda: (silent.accept(), silent.accept(), engine.cancel())).start()
        with pytest.raises(EngineCancelled):
            engine.load()


def test_what_is_not_encrypted_is_not_taken_for_it(serve: Serve) -> None:
    server = serve()
    with pytest.raises(EngineError, match="it does not speak TLS"):
        OpenAIEngine(replace(server.address, scheme="https"), MODEL).load()


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here: it makes the certificate")
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def accept(plain: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(plain.accept()[0], server_side=True) as wrapped:
            wrapped.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as plain:
        threading.Thread(target=accept, args=(plain,), daemon=True).start()
        with pytest.raises(EngineError, match="its certificate cannot be verified"):
            OpenAIEngine(Address.parse(f"https://localhost:{plain.getsockname()[1]}"), MODEL).load()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (httpx2.ConnectError("[Errno -2] Name or service not known"), "its name is not known"),
        (httpx2.ConnectTimeout("timed out"), "it did not answer in time"),
        (httpx2.ConnectError("[Errno 113] No route to host"), "there is no way to it"),
    ],
)
def test_why_there_is_no_connection_is_said(monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(httpx2.Client, "send", fail)
    with pytest.raises(EngineError, match=f"no connection to gpu:80: {sentence}. See that the server runs on that"):
        OpenAIEngine(Address.parse("http://gpu"), MODEL).load()


def test_without_the_library_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(EngineError, match=r"httpx2 is not installed.*companion-chat\[server\]"):
        OpenAIEngine(Address.parse("http://localhost"), MODEL).load()
