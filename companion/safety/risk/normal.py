"""A message as the phrase floor reads it: one spelling for what people type in many.

The raw text is never replaced by this form: it is for reading only. Apostrophes go ("don't", "don’t" and "dont" are
one word), so every pattern of the floor is written without them.
"""

from __future__ import annotations

import re
import unicodedata

_MARKS = {"Mn", "Me", "Cf"}
"""Unicode categories that are dropped: accents and other marks over letters, and what cannot be seen."""

_LOOKALIKES = str.maketrans("абвеёікмнорстухѕјԁαεικνορτυ", "abbeeikmhopctyxsjdaeiknoptu")
"""Cyrillic and Greek letters that look Latin."""

_EMOJI = {
    "\U0001f52b": " gun ",
    "\U0001f480": " skull ",
    "\u2620": " skull ",
    "\U0001f52a": " knife ",
    "\U0001f5e1": " knife ",
    "\U0001f48a": " pills ",
    "\u26b0": " coffin ",
    "\U0001faa6": " grave ",
    "\U0001f602": " lol ",
    "\U0001f923": " lol ",
    "\U0001f606": " lol ",
    "\U0001f605": " lol ",
    "\U0001f639": " lol ",
}
_IS_EMOJI = re.compile("|".join(map(re.escape, _EMOJI)))

_APOSTROPHES = "'’‘ʼ′`´＇‛"
_INNER = re.compile(rf"(?<=\w)[{_APOSTROPHES}](?=\w)")
_QUOTES = re.compile(rf"[{_APOSTROPHES}“”„«»]+")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_SPELT = re.compile(r"(?<!\w)(?:[a-z][ .\-_*]){3,}[a-z](?!\w)")
_DOTTED = re.compile(r"(?<=[a-z])\.(?=[a-z])")
_BREAK = re.compile(r"[()\[\]{}]|\s-+\s|[–—]|\.{2,}|…")
_OTHER = re.compile(r"[^\w\s.,;:!?\"$@*]|_")
_SPACE = re.compile(r"[^\S\n]+")

_DIGITS = str.maketrans("0134578$@!*", "oleastbsaix")
_MIXED = re.compile(r"(?<!\w)(?=[\w$@!*]*[a-z])(?=[\w$@!*]*[01345789$@!*])[\w$@!*]+(?<![!*])")


def _word(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"\b(?:{pattern})\b"), meant) for pattern, meant in pairs)


_SPELLINGS = _word(
    # the words that matter most, as they are mistyped, masked or joked away
    (r"s[ux]+[iyxl]*[sc]+[iylx][sc]*[aeio]*d(?:al|le|el|ial|ally)|sx?icid(?:al|le)|su(?:cid|icd)al", "suicidal"),
    (r"s[ux]+[iyxl]*[sc]+[iylx][sc]*[aeio]*de?s?|sx?icide?|su(?:cid|icd)e?", "suicide"),
    (r"sewer ?(?:slide|side|cide)|suey ?side|sue?side|toaster ?bath|self ?deletion", "suicide"),
    (r"(?<!\d )kms|(?<=im \d\d )kms|k m s|kermit suicide", "kill myself"),
    (r"iwtd|i w t d", "i want to die"),
    (r"ctb|catch(?:ing)? the bus", "kill myself"),
    (r"un ?aliving|unalivin", "unaliving"),
    (r"un ?alived?|unaliv", "unalive"),
    (r"s uicide", "suicide"),
    (r"s uicidal", "suicidal"),
    (r"wna|wnna|wana|waana|wnana|wannna|wan a", "want to"),
    (r"m[yi]?s[elf]{2,4}|my ?slef|my own self|my self|meself|mahself|maself|myslf|mysel", "myself"),
    (r"k[ilx]{2,4}", "kill"),
    (r"k[ilx]{2,4}in?g?", "killing"),
    (r"selfharm", "self harm"),
    (r"selfharming|self injuring", "self harming"),
    (r"selfharmed|self injured", "self harmed"),
    # contractions and clippings, in one form
    (r"wan+a|want 2|wan 2|wnat to|watn to|wamt to|want ot|wnt to|wan to|wana|wantt? to|want (?=die\b)", "want to"),
    (r"gon+a|gunna|finna|ima+|imma|going 2|boutta|bout to|fixing to|gon", "going to"),
    (r"go{1,2}in|goin", "going"),
    (r"gotta|got to|hafta", "have to"),
    (r"i am|i m|iam", "im"),
    (r"i have|i ve", "ive"),
    (r"i would|i d", "id"),
    (r"i will|i ll", "ill"),
    (r"do not|don t|dnt|dont?t|donot", "dont"),
    (r"does not|doesn t", "doesnt"),
    (r"did not|didn t", "didnt"),
    (r"can not|cannot|can t|cnt|cant?t", "cant"),
    (r"will not|won t", "wont"),
    (r"would not|wouldn t", "wouldnt"),
    (r"should not|shouldn t", "shouldnt"),
    (r"could not|couldn t", "couldnt"),
    (r"is not|isn t", "isnt"),
    (r"are not|aren t", "arent"),
    (r"was not|wasn t", "wasnt"),
    (r"were not|weren t", "werent"),
    (r"have not|haven t", "havent"),
    (r"has not|hasn t", "hasnt"),
    (r"had not|hadn t", "hadnt"),
    (r"any more", "anymore"),
    (r"any ?longer", "anymore"),
    (r"no one|no-one", "nobody"),
    (r"every one", "everyone"),
    (r"u", "you"),
    (r"ur", "your"),
    (r"r", "are"),
    (r"lyf|lif|lief", "life"),
    (r"2nite|2night|tonite|tonigh", "tonight"),
    (r"tmr|tmrw|tomoz|tomo|tmw|2moro|tomorow", "tomorrow"),
    (r"ppl", "people"),
    (r"thx|tysm|ty", "thanks"),
    (r"abt", "about"),
    (r"bc|cuz|coz|cos|bcos", "because"),
    (r"pls|plz", "please"),
    (r"thinkin", "thinking"),
    (r"livin", "living"),
    (r"(?<=to )(?:dei|dye(?! (?:my|it|his|her|the|some)\b)|di|dy|diw|dle|dxe)", "die"),
    (r"(?<=want )die", "to die"),
    (r"hrut|hurrt|hert(?= myself)", "hurt"),
    (r"alvie|aliev|alve", "alive"),
    (r"slep|sleap", "sleep"),
    (r"wsh|wihs|whish", "wish"),
    (r"agian|agan|agen", "again"),
    (r"cud", "could"),
    (r"wud", "would"),
    (r"shud", "should"),
    (r"evry|evrey|eveyr", "every"),
    (r"til", "till"),
    (r"(?<=to )b", "be"),
    (r"(?<=be )ded", "dead"),
    (r"thru", "through"),
    (r"evrything|everythin|evreything", "everything"),
    (r"anymoer|anymre|anymor|nymore", "anymore"),
    (r"nite", "night"),
    (r"wen", "when"),
    (r"(?:your|ur)(?:self|slef)", "yourself"),
    (r"thnking|thinkng|thinkin", "thinking"),
    (r"lma+o+|rofl|lol+s?|ha(?:ha)+h?|he(?:he)+|xd|lolz", "lol"),
    # the three words that other languages are mixed in with most
    (
        r"quiero morir(?:me)?|me quiero morir|je veux mourir|ich will sterben|voglio morire|quero morrer",
        "i want to die",
    ),
    (
        r"quiero matarme|me quiero matar|je veux me tuer|ich will mich umbringen|voglio uccidermi",
        "i want to kill myself",
    ),
    (
        r"marna chahta hoon|mar jana chahti hoon|mujhe mar(?:na|jana) hai|main marna chaht[ai] h(?:u|oo)n",
        "i want to die",
    ),
)

_FILLERS = re.compile(
    r"\b(?:really|just|actually|honestly|seriously|literally|fucking|fuckin|fkn|effing|freaking|bloody|damn|goddamn"
    r"|kinda|kind of|sorta|sort of|simply|truly|totally|completely|absolutely|desperately|badly|so|very|even"
    r"|basically|genuinely|fr|ngl|tbh|rn|idk|omg|like(?= (?:totally|actually|literally|really))|sometimes|always"
    r"|often|constantly|still|also|maybe|probably|perhaps|definitely|secretly|quietly|quite|pretty|all the time"
    r"|only|please|lately|recently|these days|right now|at this point|to be honest|if im honest)\b ?"
)


def normalise(text: str) -> str:
    """`text` in one spelling: NFKC, lower case, no marks, look-alikes, apostrophes or stretched letters; typos,
    number-letters and clippings of the words that matter undone. Words, spaces and .,;:!?" and line ends are left."""
    folded = unicodedata.normalize("NFKC", text).replace("I\u0307", "i").casefold()
    folded = _IS_EMOJI.sub(lambda found: _EMOJI[found.group()], folded)
    if not folded.isascii():
        spread = unicodedata.normalize("NFD", folded)
        folded = "".join(c for c in spread if unicodedata.category(c) not in _MARKS).translate(_LOOKALIKES)
    folded = _INNER.sub("", folded)
    folded = _QUOTES.sub('"', folded)
    folded = _BREAK.sub(_pause, folded)
    folded = _SPELT.sub(_joined, folded)
    folded = _DOTTED.sub(" ", folded)
    folded = _MIXED.sub(_letters, folded)
    folded = _OTHER.sub(" ", folded).replace("*", " ").replace("$", " ").replace("@", " ")
    folded = _STRETCHED.sub(_shortened, folded)
    folded = _SPACE.sub(" ", folded)
    for pattern, meant in _SPELLINGS:
        folded = pattern.sub(meant, folded)
    return folded.strip()


def bare(text: str) -> str:
    """A normalised text without the small words that change nothing: "i really just want to" is "i want to"."""
    return _SPACE.sub(" ", _FILLERS.sub("", text)).strip()


def _pause(found: re.Match[str]) -> str:
    return ". " if found.group()[0] in ".…" else ", "


def _joined(found: re.Match[str]) -> str:
    return re.sub(r"[ .\-_*]", "", found.group())


def _shortened(found: re.Match[str]) -> str:
    letter = found.group(1)
    return letter * 2 if letter == "l" else letter


_KEEPS_DIGITS = re.compile(
    r"\d+(?:st|nd|rd|th|am|pm|k|kg|g|mg|ml|h|hr|hrs|m|min|mins|s|x|f|mm|cm|km|yo|ish|p|d)?|[a-z]\d+|[!*$@]+"
)


def _letters(found: re.Match[str]) -> str:
    word = found.group()
    if _KEEPS_DIGITS.fullmatch(word) or sum(c.isdigit() for c in word) > len(word) // 2 + 1:
        return word
    return word.translate(_DIGITS)
