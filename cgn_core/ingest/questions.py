"""What a file leaves open, asked with its choices; and the answers, proposed, given or remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from cgn_core.ingest.findings import Findings, excerpt, listed, printable, shown

Answers = Mapping[str, str]
"""Question key to the value of a choice; keys nobody asks are ignored."""
NO_ANSWERS: Answers = MappingProxyType({})

CREATOR = "creator"
"""Key of the question whose the files are that name no account."""
REFUSE, LEAVE_OUT = "refuse", "leave_out"
_KEY_DIGITS = 8
_NAMED = 8
"""Choices that a sentence names; the question has them all."""
_OF_THE_LAYOUT = frozenset({"column", "needed", "date_order", "platform"})


@dataclass(frozen=True)
class Choice:
    """One answer that can be given."""

    value: str
    label: str

    def to_json(self) -> dict[str, str]:
        """As ``cgn validate --json`` prints it."""
        return {"value": self.value, "label": self.label}


@dataclass(frozen=True)
class Question:
    """What somebody may decide about a file, or has to."""

    key: str
    """Unique in a drop; begins with the first digits of the file's signature."""
    sentence: str
    """Asks, and names the file and the place."""
    choices: tuple[Choice, ...]
    proposed: str | None
    """What stands unless answered; None where it must be answered before the file is importable."""

    def to_json(self) -> dict[str, Any]:
        """As ``cgn validate --json`` prints it."""
        return {
            "key": self.key,
            "sentence": self.sentence,
            "choices": [choice.to_json() for choice in self.choices],
            "proposed": self.proposed,
        }


def signature_of(layout: str, header: Sequence[str]) -> str:
    """SHA-256, in hex, of what files of one export have in common: their layout and their folded column names."""
    return hashlib.sha256("\x1f".join([layout, *header]).encode("utf-8", errors="replace")).hexdigest()


def is_about_layout(key: str) -> bool:
    """Whether an answer says how to read such files, and so holds for the next one too; a repair never does."""
    return key.partition("/")[2].partition("/")[0] in _OF_THE_LAYOUT


def merged(questions: Sequence[tuple[str, Question]]) -> tuple[Question, ...]:
    """Questions of several files, each key once: files of one layout share its questions and their answer on purpose.

    Args:
        questions: each with the name of its file.
    """
    names: dict[str, list[str]] = {}
    once: dict[str, Question] = {}
    for name, question in questions:
        names.setdefault(question.key, []).append(name)
        # The one that can't do without an answer speaks for all.
        if question.key not in once or (question.proposed is None and once[question.key].proposed is not None):
            once[question.key] = question
    return tuple(
        replace(question, sentence=f"{listed(names[key])}: {question.sentence.partition(': ')[2]}")
        if len(names[key]) > 1
        else question
        for key, question in once.items()
    )


@dataclass
class Asking:
    """Asks one file's questions and looks for their answers.

    Attributes:
        found: names the file; takes an error for each question that stays open and each answer that is no choice.
        signature: of the file.
        answers: given, to whatever files.
        questions: asked so far.
        used: answers that were given to one of them.
    """

    found: Findings
    signature: str
    answers: Answers
    questions: list[Question] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    file_hash: str = ""
    """Of a file that stands beside others: its repairs are asked by themselves, its layout together with its like."""

    def key(self, topic: str) -> str:
        """The key of a question of this file; one of no file, such as ``creator``, has its topic alone."""
        if not self.signature:
            return topic
        key = f"{self.signature[:_KEY_DIGITS]}/{topic}"
        is_shared = not self.file_hash or is_about_layout(key)
        return key if is_shared else f"{key}/{self.file_hash[:_KEY_DIGITS]}"

    def ask(
        self, topic: str, sentence: str, choices: Sequence[tuple[str, str]], *, proposed: str | None = None
    ) -> str | None:
        """The value that stands: the answer, else the proposal; None leaves an error among the findings.

        Args:
            topic: what the question is about, such as ``date_order``.
            sentence: goes on from the file's name and ends with a question mark.
            choices: values and labels.
            proposed: a value that stands unless another one is answered.
        """
        key = self.key(topic)
        question = Question(
            key,
            shown(f"{self.found.file_name}: {sentence}"),
            tuple(Choice(value, printable(label)) for value, label in choices),
            proposed,
        )
        self.questions.append(question)
        given = self.answers.get(key)
        values = [choice.value for choice in question.choices]
        if given in values:
            self.used[key] = given
            return given
        if given is not None:
            self.found.add(
                "error",
                "unknown_answer",
                f"{excerpt(given)} is no answer to “{sentence}”; choose {listed(values, limit=_NAMED)}.",
            )
            return None
        if proposed is None:
            labels = [choice.label for choice in question.choices]
            self.found.add("error", "question", f"{sentence} For {key} choose {listed(labels, limit=_NAMED)}.")
        return proposed
