// Dash's own controls say less, or something else, than they are: radio buttons and check boxes call themselves list boxes,
// and levers, number boxes and file fields have no name. They take the name of the field that they stand in, as they come.
(function () {
  "use strict";

  const OURS = ".dash-radioitems, .dash-checklist, .dash-dropdown-focus-target, .lever, .drop-zone input[type='file']";
  let named = 0;

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

  // The keyboard goes to the button that opens the list, not to a field beside it that nobody sees or hears; and the
  // button says what is chosen for what, not only what is chosen.
  function nameDropdown(target) {
    const button = target.parentElement.querySelector("button.dash-dropdown");
    const words = target.closest(".field")?.querySelector(".field-label");
    set(target, "tabindex", "-1");
    if (!button) {
      return;
    }
    set(button, "tabindex", "0");
    const value = button.getAttribute("aria-labelledby");
    if (words && value && !words.id) {
      named += 1;
      words.id = `field-words-${named}`;
      set(button, "aria-labelledby", `${words.id} ${value}`);
    }
  }

  function name(control) {
    if (control.matches(".dash-radioitems, .dash-checklist")) {
      nameList(control);
    } else if (control.matches(".lever")) {
      nameLever(control);
    } else if (control.type === "file") {
      // The zone's button takes the keyboard.
      set(control, "tabindex", "-1");
      set(control, "aria-label", "Files to read");
    } else {
      nameDropdown(control);
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
