// How the browser's own numbers are written: as those of the server on the same page, which names the way it used.
// The server's half is cgn_core/figures/locales.py; what is computed from stays plain numbers.
(function () {
  "use strict";

  const HOUSE = "en";
  const MINUS = "\u2212";
  const made = new Map();

  function way() {
    const page = document.querySelector("[data-numbers]");
    return (page && page.dataset.numbers) || HOUSE;
  }

  function writer(options) {
    const key = `${way()} ${JSON.stringify(options)}`;
    if (!made.has(key)) {
      // Grouped from a thousand on in every language, and halves rounded to even, as the server does both.
      made.set(key, new Intl.NumberFormat(way(), { useGrouping: "always", roundingMode: "halfEven", ...options }));
    }
    return made.get(key);
  }

  // Exactly so many decimals.
  function fixed(value, decimals = 0) {
    const text = writer({ minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(Math.abs(value));
    return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
  }

  // At most so many decimals.
  function short(value, decimals) {
    return writer({ maximumFractionDigits: decimals }).format(value);
  }

  function whole(value) {
    return fixed(value);
  }

  function signed(value) {
    const text = whole(value);
    return value > 0 && /[1-9]/.test(text) ? "+" + text : text;
  }

  function percent(share) {
    const parts = writer({ style: "percent" }).formatToParts(1).map((part) => part.type);
    // One kind of space before the sign, whatever this browser's tables say.
    return fixed(share * 100) + (way() === HOUSE || parts.includes("literal") ? "\u00a0%" : "%");
  }

  function interval(level, low, high) {
    return `${percent(level)}: ${whole(low)} to ${whole(high)}`;
  }

  window.cgnNumbers = { fixed, short, whole, signed, percent, interval };
})();
