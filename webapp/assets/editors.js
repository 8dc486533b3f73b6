// An editor that opens below a list, out of sight perhaps, takes the focus and is scrolled to.
(function () {
  "use strict";

  let open = new Set();

  function arrive() {
    const now = new Set();
    document.querySelectorAll(".editor[aria-label]").forEach((editor) => {
      const name = editor.getAttribute("aria-label");
      now.add(name);
      if (!open.has(name)) {
        editor.focus({ preventScroll: true });
        editor.scrollIntoView({ block: "nearest" });
      }
    });
    open = now;
  }

  new MutationObserver(arrive).observe(document, { childList: true, subtree: true });
})();
