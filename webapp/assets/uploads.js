// Dropped files stay in the browser while they are being decided upon: the server reads them and stores nothing yet.
(function () {
  "use strict";

  function keep(contents, names) {
    if (!contents || !contents.length) {
      return [window.dash_clientside.no_update, window.dash_clientside.no_update];
    }
    // Emptied, so that the same file can be dropped again.
    return [{ contents: contents, names: names, at: Date.now() }, null];
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { uploads: { keep } });
})();
