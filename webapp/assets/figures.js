// Draws server-made figures in the theme in use: "token:reels" becomes the CSS variable --cgn-reels.
// Keeps what it drew, so that a change of theme redraws without a request.
(function () {
  "use strict";

  const PREFIX = "token:";
  const drawn = new Map();

  function replaced(value, styles) {
    if (typeof value === "string") {
      return value.startsWith(PREFIX) ? styles.getPropertyValue("--cgn-" + value.slice(PREFIX.length)).trim() : value;
    }
    if (Array.isArray(value)) {
      return value.map((item) => replaced(item, styles));
    }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, styles)]));
    }
    return value;
  }

  function themed(figure) {
    return replaced(figure, window.getComputedStyle(document.documentElement));
  }

  // Dash writes a dictionary id into the page with its keys sorted.
  function elementId(id) {
    return JSON.stringify(Object.fromEntries(Object.entries(id).sort()));
  }

  function draw(figure, id) {
    if (!figure) {
      return window.dash_clientside.no_update;
    }
    drawn.set(elementId(id), { id, figure });
    return themed(figure);
  }

  document.addEventListener("cgn:theme", function () {
    for (const [key, { id, figure }] of drawn) {
      if (document.getElementById(key)) {
        window.dash_clientside.set_props(id, { figure: themed(figure) });
      } else {
        drawn.delete(key);
      }
    }
  });

  // Paper takes what stands there when this returns, so that the chart library is asked itself, and for a width that fits
  // both A4 and Letter: on the screen a chart is as wide as its window.
  const PAPER_WIDTH = 640;

  window.addEventListener("beforeprint", function () {
    const library = window.Plotly;
    if (!library || !library.react) {
      return;
    }
    if (library.drawWaiting) {
      library.drawWaiting(); // in the screen's colours; what stands there is drawn again below
    }
    for (const [key, { figure }] of drawn) {
      const holder = document.getElementById(key);
      const plot = holder && holder.querySelector(".js-plotly-plot");
      if (plot) {
        const { data, layout } = themed(figure);
        const config = { displayModeBar: false, scrollZoom: false, showTips: false };
        library.react(plot, data, { ...layout, autosize: false, width: PAPER_WIDTH }, config);
      }
    }
  });

  window.cgnFigures = { draw, elementId };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { figures: { draw } });
})();
