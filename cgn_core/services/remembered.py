"""What was computed of something that never changes, kept at hand by whatever names it: a version, a model.

Access is no part of this. Whoever asks has read the row, as one that they may see, in the transaction they ask in; what
is kept says what follows from that row and is the same for everybody.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Remembered(Generic[Answer]):
    """The answers that were asked for last; ``most`` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = Lock()

    def of(self, key: Hashable, answer: Callable[[], Answer]) -> Answer:
        """What ``answer`` returned for this key, handed out to many: don't write into it.

        Two threads that ask first at once both compute it, rather than one waiting for the other. What ``answer``
        raises is not kept.

        Args:
            key: everything that the answer follows from: ids and hashes of rows that never change, numbers, words.
            answer: computes it.
        """
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        found = answer()
        with self._lock:
            self._answers[key] = found
            self._answers.move_to_end(key)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return found
