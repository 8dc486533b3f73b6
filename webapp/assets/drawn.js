// Draws the parts of a page that come as one text (components/drawn.py): plain elements, no component of Dash's each.
(function () {
  "use strict";

  const NAMES = { className: "class", tabIndex: "tabindex", colSpan: "colspan", rowSpan: "rowspan", dateTime: "datetime" };
  const ATTRIBUTE = /^(id|class|title|role|type|scope|lang|download|hidden|tabindex|colspan|rowspan|datetime|aria-[a-z]+|data-[a-z-]+)$/;

  function set(element, prop, value) {
    const name = NAMES[prop] ?? prop;
    if (value === null || value === undefined || value === false) {
      return;
    }
    if (name === "style") {
      Object.assign(element.style, value);
    } else if (name === "href") {
      // Only ever a place of this portal: what people wrote is never followed.
      if (/^\/(?![/\\])/.test(value)) {
        element.setAttribute("href", value);
      }
    } else if (ATTRIBUTE.test(name)) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }

  function draw(node) {
    if (Array.isArray(node)) {
      return node.flatMap(draw);
    }
    if (node === null || node === undefined || typeof node !== "object") {
      return node === null || node === undefined ? [] : [document.createTextNode(String(node))];
    }
    const isLink = node.namespace === "dash_core_components";
    const element = document.createElement(isLink ? "a" : node.type.toLowerCase());
    if (isLink) {
      element.dataset.stays = "";
    }
    for (const [prop, value] of Object.entries(node.props)) {
      if (prop === "children") {
        element.append(...draw(value));
      } else {
        set(element, prop, value);
      }
    }
    return [element];
  }

  function make(name, props, ...within) {
    const made = document.createElement(name);
    for (const [prop, value] of Object.entries(props)) {
      set(made, prop, value);
    }
    made.append(...within);
    return made;
  }

  // As data_table of components/tables.py writes it.
  function table({ caption, columns, rows }) {
    const heading = ([label, numeric]) => make("th", { scope: "col", className: numeric ? "numeric" : "" }, label);
    const cell = (content, [label, numeric, primary]) => {
      const kind = [numeric && "numeric", primary && "primary"].filter(Boolean).join(" ");
      return primary
        ? make("th", { scope: "row", className: kind }, ...draw(content))
        : make("td", { className: kind, "data-label": label }, ...draw(content));
    };
    const body = rows.map((cells) => make("tr", {}, ...cells.map((content, at) => cell(content, columns[at]))));
    return make(
      "table", { className: "data-table stacks" },
      make("caption", { className: "visually-hidden" }, caption),
      make("thead", {}, make("tr", {}, ...columns.map(heading))),
      make("tbody", {}, ...body),
    );
  }

  // Whoever is on a link or has moved the table aside stays there; buttons with presses are presses.js' affair.
  function held(part) {
    const on = part.contains(document.activeElement) ? document.activeElement : null;
    const aside = part.querySelector(".table-scroll")?.scrollLeft ?? 0;
    const is_same = (other) =>
      ["href", "aria-label", "role"].every((name) => other.getAttribute(name) === on.getAttribute(name)) &&
      (on.role === "region" || other.textContent === on.textContent);
    return () => {
      const box = part.querySelector(".table-scroll");
      if (box) {
        box.scrollLeft = aside;
      }
      if (on && !on.id) {
        [...part.querySelectorAll(on.nodeName)].find(is_same)?.focus({ preventScroll: true });
      }
    };
  }

  const done = new WeakMap();
  let pressed = null; // what a finger or a mouse button is on

  // Drawn anew between down and up, a link would be gone before it is clicked: its part waits until the finger is off.
  function press(event) {
    pressed = event.button === 0 ? event.target : null;
  }

  function letGo() {
    window.setTimeout(function () {
      pressed = null;
      drawAll();
    }); // after the click that this makes
  }

  function drawOne(part, text, drawing) {
    if (done.get(part) === text || part.contains(pressed)) {
      return;
    }
    done.set(part, text);
    const keep = held(part);
    try {
      part.replaceChildren(...drawing(JSON.parse(text)));
    } catch (error) {
      console.error(error); // the other parts are drawn all the same
    }
    keep();
  }

  function drawAll() {
    for (const part of document.querySelectorAll("[data-tree]")) {
      drawOne(part, part.dataset.tree, draw);
    }
    // What nobody has opened costs nothing.
    for (const part of document.querySelectorAll("[open] > [data-table]")) {
      drawOne(part, part.dataset.table, (told) => [table(told)]);
    }
  }

  // As Dash's own links do: the next page without loading everything anew.
  function follow(event) {
    const link = event.target.closest("a[data-stays]");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    history.pushState({}, "", link.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  document.addEventListener("click", follow);
  document.addEventListener("pointerdown", press, true);
  ["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, letGo, true));
  document.addEventListener("toggle", drawAll, true);
  new MutationObserver(drawAll).observe(document, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-tree", "data-table"],
  });
})();
