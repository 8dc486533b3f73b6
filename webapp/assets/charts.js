// The chart library, where the page began to load it early: it runs as soon as it is there (webapp/light_pages.py).
// Dash's graph waits for whatever window.Plotly is when the first one appears: the library, or the promise of it.
(function () {
  "use strict";

  const script = document.querySelector("script[data-charts]");
  if (script && !window.Plotly) {
    const waiting = new Promise(function (resolve, reject) {
      script.addEventListener("load", () => resolve(window.Plotly)); // by now the library, which has put itself there
      function failed() {
        if (window.Plotly === waiting) {
          delete window.Plotly; // the next graph then tries by itself
          reject(new Error("The chart library did not load."));
        }
      }
      script.addEventListener("error", failed);
      window.addEventListener("load", failed); // it may have failed before anybody listened
    });
    waiting.catch(() => undefined); // a graph that waits says so itself
    window.Plotly = waiting;
  }
})();
