// The sample beside the field of the agency's colour takes the colour as it is typed.
(function () {
  "use strict";

  function swatch(typed) {
    const isColour = /^#[0-9a-f]{6}$/i.test((typed || "").trim());
    return isColour ? { color: typed.trim() } : { color: "inherit", opacity: 0.4 };
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { agency: { swatch: swatch } });
})();
