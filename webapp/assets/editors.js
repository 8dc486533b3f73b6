// An editor that opens beside a list, out of sight perhaps, takes the focus and is scrolled to; when it goes, the button
// that opened it has the focus again, so that a keyboard goes on from there.
(function () {
  "use strict";

  let open = new Set();
  let opener = null;

  function arrive() {
    const now = new Set();
    document.querySelectorAll(".editor[aria-label]").forEach((editor) => {
      const name = editor.getAttribute("aria-label");
      now.add(name);
      if (!open.has(name)) {
        opener = document.activeElement;
        editor.focus({ preventScroll: true });
        editor.scrollIntoView({ block: "nearest" });
      }
    });
    if (open.size > 0 && now.size === 0) {
      leave();
    }
    open = now;
  }

  // The list is drawn anew with what was saved: then the button of the same id is another one.
  function leave() {
    const again = opener && (opener.isConnected ? opener : opener.id && document.getElementById(opener.id));
    if (again && document.activeElement === document.body) {
      again.focus({ preventScroll: true });
    }
    opener = null;
  }

  // Escape leaves it as it was; what opened above it, such as a list to choose from, has taken the key already.
  function leaveByKey(event) {
    const editor = event.key === "Escape" && !event.defaultPrevented && event.target.closest(".editor[aria-label]");
    const button = editor && editor.querySelector(":scope > .actions > [data-leaves]");
    if (button) {
      event.preventDefault();
      button.click();
    }
  }

  document.addEventListener("keydown", leaveByKey);
  new MutationObserver(arrive).observe(document, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
})();
