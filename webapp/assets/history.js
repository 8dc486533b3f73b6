// Growth History: a click on a week of the chart picks it for a note, without a request.
(function () {
  "use strict";

  function pick(clicked, options) {
    const week = clicked && clicked.points && clicked.points[0] && String(clicked.points[0].x).slice(0, 10);
    return week && options.some((option) => option.value === week) ? week : window.dash_clientside.no_update;
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { history: { pick } });
})();
