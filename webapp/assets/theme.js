// Loaded in the head, before anything is painted: the page never flashes in the wrong theme.
(function () {
  "use strict";

  const KEY = "cgn-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null; // storage switched off: follow the system
    }
  }

  function apply() {
    const theme = chosen() || (system.matches ? "dark" : "light");
    document.documentElement.setAttribute("data-bs-theme", theme);
    document.dispatchEvent(new CustomEvent("cgn:theme", { detail: theme }));
  }

  function toggle() {
    const dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
    const next = dark ? "light" : "dark";
    try {
      const follows = next === (system.matches ? "dark" : "light");
      follows ? window.localStorage.removeItem(KEY) : window.localStorage.setItem(KEY, next);
    } catch {
      // the choice lasts for this page only
    }
    document.documentElement.setAttribute("data-bs-theme", next);
    document.dispatchEvent(new CustomEvent("cgn:theme", { detail: next }));
  }

  // Paper is white; figures.js draws the charts for it.
  function onPaper() {
    document.documentElement.setAttribute("data-bs-theme", "light");
  }

  apply();
  system.addEventListener("change", apply);
  window.addEventListener("beforeprint", onPaper);
  window.addEventListener("afterprint", apply);
  document.addEventListener("click", function (event) {
    if (event.target.closest && event.target.closest("[data-action='toggle-theme']")) {
      toggle();
    }
  });
})();
