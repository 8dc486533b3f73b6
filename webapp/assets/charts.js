// Runs the chart library while the page still waits for its content, where the page began to load it early.
// Dash's graph waits for whatever window.Plotly is when the first one appears: the library, or the promise of it.
(function () {
  "use strict";

  function run(link) {
    window.Plotly = new Promise(function (resolve, reject) {
      const script = document.createElement("script");
      script.src = link.href;
      script.onload = () => resolve(window.Plotly); // by now the library, which has put itself there
      script.onerror = function () {
        delete window.Plotly; // the next graph then tries by itself
        reject(new Error("The chart library did not load."));
      };
      document.head.appendChild(script);
    });
    window.Plotly.catch(() => undefined); // a graph that waits says so itself
  }

  // Not before: the renderer's first requests should be under way.
  document.addEventListener("DOMContentLoaded", function () {
    const link = document.querySelector("link[data-charts]");
    if (link && !window.Plotly) {
      run(link);
    }
  });
})();
