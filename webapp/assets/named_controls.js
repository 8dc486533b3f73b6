// Dash's own controls say less, or something else, than they are: radio buttons and check boxes call themselves list boxes,
// and levers, number boxes and file fields have no name. They take the name of the field that they stand in, as they come.
(function () {
  "use strict";

  const OURS = ".dash-radioitems, .dash-checklist, .dash-dropdown-focus-target, .lever, .drop-zone input[type='file']";

  function nameOf(control) {
    const group = control.parentElement.closest("[role='group'][aria-label]");
    if (group) {
      return group.getAttribute("aria-label");
    }
    const field = control.closest("fieldset, .field");
    const words = field && field.querySelector("legend, .field-label");
    return words ? words.textContent.trim() : "";
  }

  function set(element, attribute, value) {
    if (value && element.getAttribute(attribute) !== value) {
      element.setAttribute(attribute, value);
    }
  }

  function nameList(list) {
    set(list, "role", list.matches(".dash-radioitems") ? "radiogroup" : "group");
    set(list, "aria-label", nameOf(list));
    list.querySelectorAll("label[role], label[aria-selected]").forEach((label) => {
      label.removeAttribute("role");
      label.removeAttribute("aria-selected");
    });
  }

  function nameLever(lever) {
    const name = nameOf(lever);
    lever.querySelectorAll("[role='slider']").forEach((thumb) => set(thumb, "aria-label", name));
    lever.querySelectorAll("input").forEach((box) => set(box, "aria-label", `${name}, typed`));
  }

  function name(control) {
    if (control.matches(".dash-radioitems, .dash-checklist")) {
      nameList(control);
    } else if (control.matches(".lever")) {
      nameLever(control);
    } else {
      // Something else beside it takes the keyboard: the list's button, and the zone's.
      set(control, "tabindex", "-1");
      set(control, "aria-label", control.type === "file" ? "Files to read" : "");
    }
  }

  function look(changes) {
    changes.forEach((change) => {
      const within = change.target.closest && change.target.closest(OURS);
      if (within) {
        name(within);
      }
      change.addedNodes.forEach((node) => {
        if (node instanceof HTMLElement) {
          node.querySelectorAll(OURS).forEach(name);
        }
      });
    });
  }

  new MutationObserver(look).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributeFilter: ["role", "aria-selected"],
  });
})();
