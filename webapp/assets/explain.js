// Puts the sheet of an explaining mark beside it, within the window, wherever the mark stands: tables that scroll
// would cut off a sheet inside them.
(function () {
  "use strict";

  const GAP = 6;
  const EDGE = 12;

  function place(details) {
    const sheet = details.querySelector(".explain-sheet");
    const mark = details.querySelector("summary").getBoundingClientRect();
    const size = sheet.getBoundingClientRect();
    const left = Math.min(Math.max(mark.left, EDGE), window.innerWidth - size.width - EDGE);
    const below = mark.bottom + GAP;
    const above = mark.top - GAP - size.height;
    const fits = below + size.height <= window.innerHeight - EDGE || above < EDGE;
    sheet.style.left = `${Math.max(left, EDGE)}px`;
    sheet.style.top = `${fits ? below : above}px`;
  }

  function placeOpen() {
    document.querySelectorAll("details.explain[open]").forEach(place);
  }

  function opened(event) {
    if (event.target.matches && event.target.matches("details.explain[open]")) {
      place(event.target);
    }
  }

  document.addEventListener("toggle", opened, true);
  document.addEventListener("scroll", placeOpen, { capture: true, passive: true });
  window.addEventListener("resize", placeOpen);
})();
