// A button with data-copies="id" copies what the field of that id holds, and says so in its own words for a moment.
(function () {
  "use strict";

  const SAID_FOR = 3000;

  function say(button, words) {
    const label = button.querySelector("span:not(.icon)");
    const before = label.dataset.before || label.textContent;
    label.dataset.before = before;
    label.textContent = words;
    window.setTimeout(() => { label.textContent = before; }, SAID_FOR);
  }

  function copy(event) {
    const button = event.target.closest("button[data-copies]");
    const field = button && document.getElementById(button.dataset.copies);
    if (!field) {
      return;
    }
    // Selected as well, so that Ctrl-C works where a browser gives pages no clipboard.
    field.focus();
    field.select();
    if (!navigator.clipboard) {
      say(button, document.execCommand("copy") ? "Copied" : "Press Ctrl-C");
      return;
    }
    navigator.clipboard.writeText(field.value).then(() => say(button, "Copied"), () => say(button, "Press Ctrl-C"));
  }

  document.addEventListener("click", copy);
})();
