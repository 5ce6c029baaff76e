"""`companion study` and its page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from companion.study.grids import Grid, estimate
from companion.study.sources.ratings import DIMENSIONS
from companion.study.text_report import columns
from tests.conftest import Program, said_no_more_than_a_sentence

QUICK = ("--bootstrap", "100")


def log(path: Path, *, ask: int = 2, conversations: int = 6, turns: int = 4, name: str = "c") -> Path:
    """Chat in which every `ask`-th reply asks and the others advise."""
    rows = []
    for number in range(conversations):
        messages = []
        for place in range(turns):
            asks = (number + place) % ask == 0
            messages += [
                {"role": "user", "content": "I am tired"},
                {"role": "assistant", "content": f"Is it {place}?" if asks else f"You could try {place} of it. Rest."},
            ]
        rows.append({"id": f"{name}{number}", "model": f"model {number % 2}", "messages": messages})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def made(program: Program, *arguments: str) -> dict[str, Any]:
    """The report as JSON."""
    outcome = program("study", *QUICK, "--json", *arguments)
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_files_are_compared_under_their_names(program: Program, tmp_path: Path) -> None:
    one, other = log(tmp_path / "one.jsonl"), log(tmp_path / "other.jsonl", ask=3)
    report = made(program, str(one), f"second={other}", "--reference", "one", "--baseline", "one", "--seed", "3")
    assert list(report["systems"]) == ["one", "second"]
    assert report["systems"]["second"]["turns"] == 24
    assert report["systems"]["second"]["human_history"]["pairs"] == 18
    assert report["systems"]["second"]["differences"]["paired"]
    method = report["method"]
    assert (method["reference"], method["baseline"], method["seed"], method["resamples"]) == ("one", "one", 3, 100)
    assert method["sources"]["one"] == {"file": "one.jsonl", "tagged": 24}  # a page is passed on: no folders
    assert method["tagger"]["name"] == "encoder"


def test_without_a_source_it_is_the_own_database(told: Program) -> None:
    for text in ("my hamster died", "my exam is tomorrow"):
        told.says("That makes sense. What happened?")
        assert told("say", text).code == 0
    report = made(told)
    assert list(report["systems"]) == ["database"]
    system = report["systems"]["database"]
    assert (system["conversations"], system["turns"], system["sentences"]) == (2, 2, 4)
    assert system["prevalence"]["validation"]["value"] == 1
    assert report["method"]["tagger"] is None  # tagged while they talked


def test_without_sessions_there_is_nothing_to_study(told: Program) -> None:
    outcome = told("study")
    assert outcome.code == 3
    assert "no sessions yet" in said_no_more_than_a_sentence(outcome)


def test_tables_come_with_a_sentence_on_how_to_read_them(program: Program, tmp_path: Path) -> None:
    outcome = program("study", *QUICK, str(log(tmp_path / "one.jsonl")), str(log(tmp_path / "two.jsonl", ask=3)))
    assert outcome.code == 0
    for title in ("Data", "Which tactics", "Against its own turn before (own history)", "Matched length",
                  "Variety and order", "Template", "Openers and closers", "Wording", "Balance",
                  "How it was counted"):  # fmt: skip
        assert f"{title}\n{'=' * len(title)}\n" in outcome.out
    assert "kappa does not: 0 is no more than chance" in " ".join(outcome.out.split())
    assert re.search(r"^one +6 +24 ", outcome.out, re.MULTILINE)
    assert "people (Lend-an-Ear)" in outcome.out


def test_a_source_may_be_taken_apart(program: Program, tmp_path: Path) -> None:
    report = made(program, str(log(tmp_path / "one.jsonl")), "--by", "model")
    assert {name: system["turns"] for name, system in report["systems"].items()} == {
        "one: model 0": 12,
        "one: model 1": 12,
    }


def test_one_protocol_may_be_asked_for(program: Program, tmp_path: Path) -> None:
    one = log(tmp_path / "one.jsonl")
    report = made(program, str(one), "--reference", "one", "--protocol", "human-history", "--resample", "turns")
    assert report["systems"]["one"]["own_history"] is None
    assert report["method"]["resampled"] == "turns"
    outcome = program("study", str(one), "--protocol", "human-history")
    assert outcome.code == 2
    assert "--reference" in said_no_more_than_a_sentence(outcome)


def ratings(path: Path, name: str, place: int, value: float) -> Path:
    header = ",".join(("conversation_id", "turn_index", *DIMENSIONS))
    path.write_text(f"{header}\n{name},{place},{','.join([str(value)] * 6)}\n", encoding="utf-8")
    return path


def test_ratings_are_put_to_their_replies(program: Program, tmp_path: Path) -> None:
    one = log(tmp_path / "one.jsonl")
    rated = made(program, str(one), "--ratings", f"one={ratings(tmp_path / 'r.csv', 'c0', 1, 2)}")
    empathy = rated["systems"]["one"]["empathy"]
    assert empathy["advice_giving"]["value"] == 2
    assert empathy["aggregate"]["value"] == pytest.approx((3 * 2 + 3 * 4) / 6)
    for argument, says in (
        (str(tmp_path / "r.csv"), "give NAME=PATH"),
        (f"two={tmp_path / 'r.csv'}", "no source 'two'"),
        (f"one={ratings(tmp_path / 'q.csv', 'c0', 2, 2)}", "rates no reply of one"),
    ):
        outcome = program("study", *QUICK, str(one), "--ratings", argument)
        assert outcome.code == 2
        assert says in said_no_more_than_a_sentence(outcome)


def test_a_template_is_learnt_and_given_back(program: Program, tmp_path: Path) -> None:
    one = str(log(tmp_path / "one.jsonl", ask=1))  # every reply asks
    fitted = json.loads(program("study", "fit-template", one, "--json").out)["one"]
    assert (fitted["pattern"], fitted["match"], fitted["coverage"]) == ("Q", 1, 1)
    assert program("study", "fit-template", one).out.startswith("one: Q\n    fitted on 3 conversations; on 3 others")
    report = made(program, one, "--template", "Q")
    assert report["method"]["template"] == {"pattern": "Q", "approximate": False}
    assert report["systems"]["one"]["template"]["match"]["value"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere.jsonl",), 3, "There is no nowhere.jsonl"),
        (("x=nowhere.jsonl",), 3, "There is no nowhere.jsonl"),
        (("--template", "[", "nowhere.jsonl"), 2, "no template"),
        (("--by", "mood"), 2, "mood"),
        (("--bootstrap", "0"), 2, "bootstrap"),
        (("--baseline", "x", "LOG"), 2, "The baseline 'x' is none of the sources; they are log"),
    ],
)
def test_what_was_given_wrong_is_a_sentence(
    program: Program, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    file = str(log(tmp_path / "log.jsonl"))
    outcome = program("study", *[file if argument == "LOG" else argument for argument in arguments])
    assert outcome.code == code
    assert says in said_no_more_than_a_sentence(outcome)


def test_a_report_without_a_page_imports_nothing_heavy(tmp_path: Path) -> None:
    row = {"id": "c", "turn": 0, "sentences": [{"text": "Why?", "tactics": ["questioning"]}]}
    (tmp_path / "x.jsonl").write_text(json.dumps(row), encoding="utf-8")
    program = (
        "import sys; from companion.cli import run; "
        f"run(['study', '--bootstrap', '10', '--json', {str(tmp_path / 'x.jsonl')!r}]); "
        "print(sorted({n.partition('.')[0] for n in sys.modules}), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["systems"]["x"]["turns"] == 1
    assert "numpy" in ran.stderr
    for heavy in ("torch", "transformers", "onnxruntime", "tokenizers", "matplotlib", "textual", "llama_cpp"):
        assert f"'{heavy}'" not in ran.stderr


# -- in text ----------------------------------------------------------------------------------------------------------


def test_an_estimate_is_written_with_its_interval() -> None:
    found = {"value": -0.0012, "low": -0.1, "high": 0.104}
    assert estimate(found) == "0.00 [-0.10, 0.10]"
    assert estimate(found, sign=True) == "+0.00 [-0.10, +0.10]"
    assert estimate({"value": 0.5, "low": None, "high": None}, percent=True) == "50%"
    assert estimate({"value": None, "low": None, "high": None}) == estimate(None) == "-"


def test_a_table_that_is_too_wide_goes_on_below() -> None:
    grid = Grid("x", ["system", "first", "second"], [["one", "1", "22"], ["another", "3", "4"]])
    assert list(columns(grid, None)) == [
        "system   first  second",
        "----------------------",
        "one          1      22",
        "another      3       4",
    ]
    narrow = list(columns(grid, 16))
    assert max(map(len, narrow)) <= 16
    assert narrow == [
        "system   first",
        "--------------",
        "one          1",
        "another      3",
        "",
        "system   second",
        "---------------",
        "one          22",
        "another       4",
    ]


# -- the page ---------------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Counts what a page is made of, and that every element that is opened is closed."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in self.VOID:
            self.open.append(tag)
        for key, value in attrs:
            if key == "id":
                self.ids.append(value or "")
            if key in ("href", "src", "xlink:href"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page(program: Program, tmp_path: Path) -> str:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: it draws the page's charts")
    one, other = log(tmp_path / "one.jsonl"), log(tmp_path / "other.jsonl", ask=3)
    file = tmp_path / "page.html"
    outcome = program("study", *QUICK, f"<one> & 'x'={one}", f"two={other}", "--reference", "two", "--baseline", "two",
                      "--html", str(file))  # fmt: skip
    assert (outcome.code, outcome.err) == (0, f"Wrote {file}.\n")
    assert outcome.out.startswith("Data\n")  # the tables come as always
    return file.read_text("utf-8")


def test_the_page_is_whole_and_has_a_table_for_every_chart(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert reader.counts["svg"] >= 9
    assert reader.counts["table"] >= reader.counts["section"]
    for section in re.findall(r'<section id="(\w+)"(.*?)</section>', page, re.DOTALL):
        if "<svg" in section[1]:
            assert "<table>" in section[1], section[0]
    assert len(reader.ids) == len(set(reader.ids))
    assert page.count('<svg role="img" aria-label=') == reader.counts["svg"]
    assert reader.counts["caption"] == reader.counts["table"]


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(reader.counts)
    assert all(link.startswith("#") for link in reader.links)
    ids = set(reader.ids)
    assert all(link[1:] in ids for link in reader.links)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= ids
    assert not re.search(r"url\((?!#)|@import|javascript:", page)
    assert "default-src 'none'" in page


def test_the_page_shows_names_as_they_are_and_as_text(page: str) -> None:
    assert "&lt;one&gt; &amp; &#x27;x&#x27;" in page
    assert "<one>" not in page


def test_any_name_can_be_drawn() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: it draws the page's charts")
    from companion.study.charts import Charts, Panel

    names = ["_under", "$x^$", "a$b", "日本語", "<&>"]
    charts = Charts()
    for picture in (
        charts.lines("x", {name: [0.5, None, 0.2] for name in names}, "x", "y"),
        charts.forest("x", names, [Panel("kappa", [(0.1, 0.0, 0.2), (None, None, None)] + [(0.1, None, None)] * 3)]),
        charts.heat("x", names, names, [[0.5, None, 0.0, 1.0, 0.2]] * 5),
    ):
        drawn = "".join(ElementTree.fromstring(picture).itertext())
        assert all(name in drawn for name in names)


def test_the_charts_take_their_colours_from_the_page(page: str) -> None:
    pictures = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    used = set(re.findall(r"var\((--[\w-]+)\)", pictures))
    assert {"--ink", "--faint", "--accent", "--series-1", "--series-2"} <= used
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    for variable in used:
        assert page.count(f"{variable}:") == 3, variable  # light, dark, paper
    assert not set(re.findall(r"#[0-9a-f]{6}", pictures)) - {"#000000", "#ffffff"}


def test_the_same_report_is_the_same_page(program: Program, tmp_path: Path, page: str) -> None:
    again = tmp_path / "again.html"
    program("study", *QUICK, f"<one> & 'x'={tmp_path / 'one.jsonl'}", f"two={tmp_path / 'other.jsonl'}",
            "--reference", "two", "--baseline", "two", "--html", str(again))  # fmt: skip
    assert again.read_text("utf-8") == page


def test_a_page_may_be_written_again_but_over_nothing_else(program: Program, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: it draws the page's charts")
    one = log(tmp_path / "one.jsonl")
    for _ in range(2):
        assert program("study", *QUICK, str(one), "--html", str(tmp_path / "page.html")).code == 0
    before = one.read_bytes()
    outcome = program("study", *QUICK, str(one), "--html", str(one))
    assert outcome.code == 4
    assert "no page of ours" in outcome.err
    assert one.read_bytes() == before
    outcome = program("study", *QUICK, str(one), "--html", str(tmp_path / "no" / "page.html"))
    assert outcome.code == 1
    assert "cannot be written: No such file" in outcome.err


def test_without_the_charting_package_the_page_says_what_to_install(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = program("study", str(log(tmp_path / "one.jsonl")), "--html", str(tmp_path / "page.html"))
    assert outcome.code == 1
    assert 'pip install "companion-chat[study]"' in said_no_more_than_a_sentence(outcome)
