// A button that is drawn anew again and again keeps its presses in a store beside it, and the focus that it had.
(function () {
  "use strict";

  const KEPT = "button[data-presses]";
  let held = null;
  let focused = null;

  function keep(button) {
    const press = { of: button.dataset.pressOf, at: Date.now() };
    window.dash_clientside.set_props(button.dataset.presses, { data: press });
  }

  function click(event) {
    const button = event.target.closest(KEPT);
    if (button) {
      keep(button);
    }
  }

  function down(event) {
    held = event.target.closest(KEPT);
    focused = held;
  }

  // Drawn anew between the finger's down and up: the browser sees two buttons and makes no click of them.
  function up(event) {
    const button = event.target.closest(KEPT);
    if (held && button && !held.isConnected && held.id === button.id && event.button === 0) {
      keep(button);
    }
    held = null;
  }

  function focus(event) {
    focused = event.target.closest(KEPT);
  }

  // Without this a keyboard starts at the page's top again each time. The button may go a while before the next comes.
  function refocus() {
    if (!focused || focused.isConnected || document.activeElement !== document.body) {
      return;
    }
    const again = document.getElementById(focused.id);
    if (again) {
      again.focus({ preventScroll: true });
    }
  }

  document.addEventListener("click", click);
  document.addEventListener("pointerdown", down);
  document.addEventListener("pointerup", up);
  document.addEventListener("focusin", focus);
  new MutationObserver(refocus).observe(document, { childList: true, subtree: true });
})();
