"""The two ways in which people work a page, by mouse and by keys alone: a story is told once and walked by both."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

LOOKS = [
    pytest.param(by, width, theme, id=f"{by}-{width}-{theme}")
    for by, width, theme in (
        ("mouse", 1440, "light"),
        ("mouse", 390, "dark"),
        ("keys", 1440, "dark"),
        ("keys", 390, "light"),
    )
]
"""Each width in each theme once, and each way on each width."""
MOST_STOPS = 250
NARROW = 768
"""Pixels below which the navigation is a bar at the bottom."""
IN_BAR = {"Home": "Home", "Predictor": "Predict", "Growth history": "History", "Decisions": "Decide"}
"""What the bar calls a workspace's first pages; the others are in its menu."""
UNSEEN = """() => {
    const held = document.activeElement;
    if (!held || held === document.body) { return "nothing"; }
    const box = held.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) { return held.outerHTML.slice(0, 150); }
    for (let each = held, up = 0; each && up < 4; each = each.parentElement, up += 1) {
        const style = getComputedStyle(each);
        if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) { return ""; }
    }
    return held.outerHTML.slice(0, 150);
}"""
"""What has the keyboard without showing it: "" where it does, by an outline of its own or of the box around it."""
WHERE = """wanted => {
    const held = document.activeElement;
    if (held === wanted || (held.type === "radio" && wanted.type === "radio" && held.name === wanted.name)) {
        return "here";
    }
    const is_before = wanted.compareDocumentPosition(held) & Node.DOCUMENT_POSITION_FOLLOWING;
    return is_before ? "before" : "after";
}"""
"""Where what is wanted stands, seen from what has the keyboard; radio buttons of one name are one stop."""
THUMB = """each => {
    const box = each.getBoundingClientRect(), track = each.closest(".dash-slider-root").getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2, track.width / each.getAttribute("aria-valuemax")];
}"""
"""A slider's thumb, and how far it is to one more."""


class Hands(ABC):
    """What a person does on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @abstractmethod
    def press(self, wanted: Locator) -> None:
        """A button, a link or what folds something out."""

    @abstractmethod
    def press_twice(self, wanted: Locator) -> None:
        """As the impatient do."""

    @abstractmethod
    def write(self, wanted: Locator, text: str) -> None:
        """Into a field, in place of what it holds."""

    @abstractmethod
    def pick(self, wanted: Locator) -> None:
        """One radio button of several."""

    @abstractmethod
    def choose(self, wanted: Locator, option: str) -> None:
        """The first option with these words, of a drop-down."""

    @abstractmethod
    def raise_lever(self, wanted: Locator) -> None:
        """Move a slider's thumb to more."""

    def hand_over(self, *paths: Path) -> None:
        """Choose files where the page takes some."""
        with self.page.expect_file_chooser() as chooser:
            self.press(self.page.get_by_role("button", name="choose", exact=True))
        chooser.value.set_files(paths)

    def go_to(self, name: str, *, heading: str = "") -> None:
        """Follow the navigation to a page, and wait for its heading."""
        size = self.page.viewport_size
        assert size is not None
        words = re.compile(f"^{re.escape(name)}( \\(this page\\))?$")
        if size["width"] >= NARROW:
            self.press(self.page.locator("nav.side a", has_text=words))
        else:
            bar = self.page.locator("nav.bottom")
            bar.locator(".bottom-item").first.wait_for()
            in_bar = bar.locator(".bottom-item", has_text=re.compile(f"^{IN_BAR.get(name, name)}$"))
            if in_bar.count():
                self.press(in_bar)
            else:
                self.press(bar.locator("summary"))
                self.press(bar.locator(".menu-item", has_text=words))
        self.arrived_at(heading or name)

    def arrived_at(self, heading: str) -> None:
        """Wait for a page of Dash's; its heading has the keyboard then, so that one goes on from there."""
        expect(self.page.get_by_role("heading", name=heading, exact=True, level=1)).to_be_focused()

    def sign_in(self, email: str, password: str) -> None:
        self.write(self.page.get_by_label("E-mail"), email)
        self.write(self.page.get_by_label("Password"), password)
        self.press(self.page.get_by_role("button", name="Sign in", exact=True))


class Mouse(Hands):
    """A mouse, or a finger, and keys only to write with."""

    def press(self, wanted: Locator) -> None:
        wanted.click()

    def press_twice(self, wanted: Locator) -> None:
        wanted.dblclick()

    def write(self, wanted: Locator, text: str) -> None:
        wanted.fill(text)

    def pick(self, wanted: Locator) -> None:
        wanted.check()

    def choose(self, wanted: Locator, option: str) -> None:
        wanted.click()
        self.page.get_by_role("option").filter(has_text=option).first.click()

    def raise_lever(self, wanted: Locator) -> None:
        wanted.scroll_into_view_if_needed()
        x, y, one_more = wanted.evaluate(THUMB)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + one_more, y, steps=3)
        self.page.mouse.up()


class Keys(Hands):
    """Tab, Enter, the space bar, arrows and letters; what has the keyboard must be seen to have it."""

    def reach(self, wanted: Locator) -> None:
        """Press Tab until it has the keyboard, backwards where it stands before what has it now."""
        wanted.wait_for()
        towards = wanted.evaluate(WHERE)
        for _ in range(MOST_STOPS):
            if wanted.evaluate(WHERE) == "here":
                assert self.page.evaluate(UNSEEN) == ""
                return
            self.page.keyboard.press("Shift+Tab" if towards == "before" else "Tab")
        pytest.fail(f"{MOST_STOPS} stops of Tab don't lead to {wanted}")

    def press(self, wanted: Locator) -> None:
        self.reach(wanted)
        self.page.keyboard.press("Enter")

    def press_twice(self, wanted: Locator) -> None:
        self.press(wanted)
        self.page.keyboard.press("Enter")

    def write(self, wanted: Locator, text: str) -> None:
        self.reach(wanted)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)
        expect(wanted).to_have_value(text)

    def pick(self, wanted: Locator) -> None:
        self.reach(wanted)
        self.page.keyboard.press("Space")
        for _ in range(MOST_STOPS):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        pytest.fail(f"no arrow leads to {wanted}")

    def choose(self, wanted: Locator, option: str) -> None:
        self.press(wanted)
        found = self.page.get_by_role("option").filter(has_text=option).first
        found.wait_for()
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("ArrowDown")
            if found.evaluate("each => each.contains(document.activeElement)"):
                self.page.keyboard.press("Space")
                self.page.keyboard.press("Escape")
                expect(found).to_be_hidden()
                expect(wanted).to_be_focused()
                return
        pytest.fail(f"no arrow leads to {option}")

    def raise_lever(self, wanted: Locator) -> None:
        self.reach(wanted)
        self.page.keyboard.press("ArrowRight")


WAYS: dict[str, type[Hands]] = {"mouse": Mouse, "keys": Keys}
