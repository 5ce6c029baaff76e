"""The fixed sentences of care, ours, gone over line by line. Several of each, so that none is said twice in a session.

Never a promise or a demand for one, never a diagnosis, never a claim to be a person or a professional; no line ends the
talk or sends away. `/help` works in every interface.
"""

from __future__ import annotations

Lines = tuple[str, ...]

HEARD: Lines = (
    "Thank you for saying it here. That is a lot to carry.",
    "I take what you wrote seriously, and there is time for it.",
    "It is hard to put this into words, and you did.",
    "You do not have to explain it well. It can come out as it is.",
    "That sounds very heavy, and I am glad that you wrote it down.",
    "What you say matters, and you can say more of it here.",
    "That must hurt a great deal.",
    "It is good that you do not keep this to yourself.",
)
"""Said in the place of a model that is too small for it, when a message spoke of danger."""

LISTENING: Lines = (
    "I have read that. You can go on, in whatever order it comes.",
    "Thank you for going on writing.",
    "We can stay with this for as long as you like.",
    "There is room here for the rest of it, too.",
    "Please tell me what this moment is like for you.",
    "Take the time you need; nothing here is in a hurry.",
    "You are still here and writing, and that is good.",
    "What is the hardest part right now?",
    "I am listening. What would make the next hour a little easier?",
    "What has helped before, even a little, on a day like this?",
    "You can leave it at that, or say more, as you like.",
    "What else is there that nobody has asked you about?",
)
"""The same on the turns after it. Whatever the message is, none of these may be a yes to it."""

HEARD_OF_THEM: Lines = (
    "It is good that you noticed, and that you are looking for a way.",
    "You are worried about somebody, and that is a heavy thing to be alone with.",
    "That must have been frightening to hear.",
    "You do not have to find the perfect words for them.",
    "What you do for them counts, even if it looks small.",
    "You are right to take it seriously.",
)
"""The same for the one who cares about somebody in danger."""

ASK: Lines = (
    "Let me ask you directly: are you having thoughts of ending your life?",
    "I would like to ask this plainly: are you thinking about suicide?",
    "When you say that, do you mean that you have been thinking of ending your life?",
    "Do you sometimes wish you were dead, or think about killing yourself?",
    "Have there been moments lately when you thought of ending your life?",
)
"""S5: whether there are such thoughts."""

PLAN: Lines = (
    "Have you thought about how or when you would end your life?",
    "Do the thoughts of ending your life come with a plan, or with a time?",
    "Is there something near you that you have thought of using to hurt yourself?",
    "Are the thoughts of suicide there right now as well, or do they come and go?",
)
"""What comes after the first question: plan, means, time."""

SAFE: Lines = (
    "How safe do you feel right now?",
    "Are you safe where you are at this moment?",
    "Will tonight be safe for you, or would it be better if someone were there?",
    "Is it harder to stay safe now than it was earlier today?",
    "What would make the next hours safer for you?",
)
"""How things are now."""

ROUTES: Lines = (
    "You could call a crisis line, which /help lists, tell a doctor, and let someone you trust know how bad it is.",
    "Please talk to a doctor or a helpline about this, and tell someone you trust too; /help shows where to call.",
    "A helpline can listen at length, /help lists them; a doctor and a person you trust could be told in one sentence.",
    "It would be good to tell a doctor about this, and to call or write to a friend; /help has lines as well.",
    "Someone you trust could be told today, and a crisis line or a doctor could be asked for help; see /help.",
)
"""S7: a professional route and a trusted person."""

PROFESSIONAL: Lines = (
    "A helpline would talk with you about exactly this; /help lists some.",
    "A doctor could be told about this in the words you used here; /help lists lines to call before that.",
    "You could also call a crisis line, which /help lists.",
    "A doctor or a nurse could help with this; for right now, /help lists lines to call.",
)

TRUSTED: Lines = (
    "Is there someone you trust who could be told about this today?",
    "You could tell someone you trust, even with a message of one line; /help can help you write it.",
    "Someone close to you could be with you for a while, if you ask them.",
    "Please tell a friend or someone in your family how bad it is.",
)

TRUSTED_YOUNG: Lines = (
    "Is there a parent, a teacher or another adult you trust who could be told about this today?",
    "Please tell an adult you trust, at home or at school, even with a message of one line.",
    "You could ask an adult you trust to sit with you for a while.",
)
"""S20, S7: the trusted person of a minor is an adult."""

DISTANCE: Lines = (
    "If something is near you that you could hurt yourself with, please put it out of reach, or give it to someone.",
    "Putting distance between you and whatever you could use to hurt yourself can help the moment pass.",
    "It can help to leave the room where the things are that you could hurt yourself with.",
)
"""Levels 3 and more: distance from means."""

SAFETY_PLAN: Lines = (
    "If you like, /help also opens a safety plan: one page of your own for hard moments, which stays on this computer.",
    "There is a page for a safety plan under /help: what helps you, whom you can call, how to make things safer.",
)

EMERGENCY: Lines = (
    "Please call {emergency} now.",
    "This is the moment to call {emergency}.",
    "Please do not wait: call {emergency}.",
)
BESIDE: Lines = (
    "Go to someone, or ask someone to come and stay with you.",
    "Please do not be alone with this: go where people are, or ask someone to come.",
    "Knock on a door or call someone you trust, and stay together.",
)
AWAY: Lines = (
    "Move away from anything you could hurt yourself with; you can go on writing here.",
    "Put distance between you and what you could hurt yourself with, and keep writing if that helps.",
    "Leave the room where those things are; you can write here from another one.",
)
"""S8: emergency number, somebody beside them, distance from means."""

EMERGENCY_FOR_THEM: Lines = (
    "Please call {emergency} for them now, and say where they are.",
    "This is the moment to call {emergency} for them.",
    "Please do not wait: call {emergency} for them.",
)
BESIDE_THEM: Lines = (
    "Stay with them or on the phone, or ask someone near them to go there.",
    "Please see to it that they are not alone until help is there; a neighbour or a friend can go.",
    "Keep talking with them until someone is beside them.",
)
AWAY_FROM_THEM: Lines = (
    "If it is safe for you, move what they could hurt themselves with; you can go on writing here.",
    "If you can without danger, keep the things they could use out of their reach; you can keep writing here.",
    "Where you safely can, put what they could use somewhere else; this page stays open.",
)

CARER: Lines = (
    "You can ask them directly whether they think about suicide; asking does not put the thought there.",
    "Being with them and listening is already help; you need not have an answer for them.",
    "If they are in danger now, please call your local emergency number and stay with them.",
    "This is a lot to carry for them: who could you talk to about it yourself?",
    "You could tell them in plain words that you worry about them, and ask what would help today.",
)
"""S12: for the person who worries about somebody else."""

CARER_ROUTES: Lines = (
    "You could offer to call a helpline with them, or to see a doctor together; /help lists lines, for you as well.",
    "Helplines also talk with people who worry about someone: you could call one for them, and /help lists some.",
)
"""S7 for them: a way to professionals, with the one who cares beside."""

MINOR: Lines = (
    "This program is meant for adults, so please also talk to a parent, a teacher or another adult you trust; "
    "/help shows lines, and you can ask there for one for young people.",
)
"""S20: once in a session."""

EATING: Lines = (
    "If eating or your weight takes up much of your day, a doctor is a good person to tell, and /help lists lines.",
)
"""S17: once in a session; nothing is said of numbers, food or looks."""

KEEP: Lines = (
    "What you said earlier still counts, also while we talk about this: how safe do you feel now?",
    "We can talk about this, and come back to what you said before whenever you want; a helpline is there too, "
    "under /help.",
    "Before we go on: are you safe at the moment?",
    "If what you spoke of before gets stronger again, please call a helpline or tell someone you trust.",
    "Is there someone you trust who knows how it has been for you lately?",
    "How is it now with the thoughts you spoke of: are you safe with them today?",
    "You do not have to talk about it now; a doctor or a helpline can also be told later, and /help stays where it is.",
)
"""S10, S11: after "ok", "thanks" or another subject, what was said before is not forgotten."""

NO_METHODS: Lines = (
    "I will not go into ways of being hurt. I would rather hear what makes it so hard right now.",
    "I leave that out, for your sake. We can talk about what brought you to this point.",
    "I will not say more about that. What you feel behind it can be said here, all of it.",
)
"""S9: instead of a sentence that held a method, a dose or a place."""

INSTEAD: Lines = (
    "I would like to hear more about that.",
    "Please tell me more, in your own time.",
    "What is on your mind most about it?",
    "What part of it weighs on you most?",
    "How has that been for you since?",
)
"""Instead of any other sentence that is not to be said."""

FAREWELLS: Lines = (
    "Goodbye, and take care.",
    "All right, goodbye.",
    "Goodbye for now.",
    "Take care of yourself. Goodbye.",
)
"""S16: nothing that holds back."""

EVERY: tuple[Lines, ...] = (
    HEARD, LISTENING, HEARD_OF_THEM, ASK, PLAN, SAFE, ROUTES, PROFESSIONAL, TRUSTED, TRUSTED_YOUNG, DISTANCE,
    SAFETY_PLAN, EMERGENCY, BESIDE, AWAY, EMERGENCY_FOR_THEM, BESIDE_THEM, AWAY_FROM_THEM, CARER, CARER_ROUTES, MINOR,
    EATING, KEEP, NO_METHODS, INSTEAD, FAREWELLS,
)  # fmt: skip
