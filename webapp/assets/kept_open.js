// What a reader opened, such as the table behind a chart, stays open when its part of the page is drawn anew.
(function () {
  "use strict";

  const OPENED = "details.more";
  let page = null;
  let opened = new Set();

  // A chart's table by its chart; anything else by the part of the page that it stands in and its own words.
  function nameOf(details) {
    const graph = details.closest(".chart") && details.closest(".chart").querySelector(".dash-graph");
    const part = details.closest("[id]");
    const words = details.querySelector(":scope > summary");
    return graph ? graph.id : `${part ? part.id : ""} ${words ? words.textContent : ""}`;
  }

  function here() {
    if (page !== window.location.pathname) {
      page = window.location.pathname;
      opened = new Set();
    }
    return opened;
  }

  function remember(event) {
    if (event.target.matches && event.target.matches(OPENED) && event.target.isConnected) {
      if (event.target.open) {
        here().add(nameOf(event.target));
      } else {
        here().delete(nameOf(event.target));
      }
    }
  }

  function open(changes) {
    if (here().size === 0) {
      return;
    }
    for (const change of changes) {
      for (const node of change.addedNodes) {
        if (node.nodeType === Node.ELEMENT_NODE) {
          const found = node.matches(OPENED) ? [node] : node.querySelectorAll(OPENED);
          found.forEach((details) => {
            details.open = details.open || opened.has(nameOf(details));
          });
        }
      }
    }
  }

  document.addEventListener("toggle", remember, true); // it doesn't bubble
  new MutationObserver(open).observe(document, { childList: true, subtree: true });
})();
