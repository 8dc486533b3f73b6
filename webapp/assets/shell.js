// The shell's manners: menus close, lists filter as one types, the page's heading takes the focus after navigation.
(function () {
  "use strict";

  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) {
        menu.open = false;
      }
    });
  }

  function closeAfterClick(event) {
    const menu = event.target.closest("details.menu");
    const chose = event.target.closest(".menu-item");
    closeMenus(chose ? null : menu);
  }

  function closeOnEscape(event) {
    if (event.key !== "Escape") {
      return;
    }
    const open = document.querySelector("details.menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  }

  // A field inside [data-filters="#list"] hides the items below #list whose data-search doesn't contain what was typed.
  function filter(event) {
    const holder = event.target.closest("[data-filters]");
    if (holder) {
      filterBy(holder, event.target.value);
    }
  }

  // It holds for rows that come later too: tables are drawn anew while jobs run.
  function filterAgain() {
    document.querySelectorAll("[data-filters] input").forEach((field) => {
      if (field.value) {
        filterBy(field.closest("[data-filters]"), field.value);
      }
    });
  }

  function filterBy(holder, text) {
    const wanted = text.trim().toLowerCase();
    const list = document.querySelector(holder.getAttribute("data-filters"));
    if (!list) {
      return;
    }
    let left = 0;
    list.querySelectorAll("[data-search]").forEach((item) => {
      item.hidden = !item.getAttribute("data-search").includes(wanted);
      left += item.hidden ? 0 : 1;
    });
    list.querySelectorAll(".nothing-matches").forEach((note) => {
      note.hidden = left > 0;
    });
  }

  function focusSearch(event) {
    const menu = event.target;
    if (menu.matches && menu.matches("details.switcher") && menu.open) {
      const field = menu.querySelector("[data-filters] input");
      if (field) {
        field.focus();
      }
    }
  }

  // Signing out is a POST with the CSRF token, which a page of Dash's can't hold in a form of its own.
  function signOut(event) {
    const button = event.target.closest("[data-action='sign-out']");
    if (!button) {
      return;
    }
    const found = document.cookie.match(/(?:^|; )(?:__Host-)?_csrf_token=([^;]*)/);
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/sign-out";
    const token = document.createElement("input");
    token.type = "hidden";
    token.name = "csrf_token";
    token.value = found ? decodeURIComponent(found[1]) : "";
    form.append(token);
    document.body.append(form);
    form.submit();
  }

  // A note that is put away goes at once, and the keyboard goes on from the page's heading.
  function putAway(event) {
    const button = event.target.closest("#shell-guide button");
    const title = document.getElementById("page-title");
    if (!button) {
      return;
    }
    document.getElementById("shell-guide").hidden = true;
    if (title) {
      title.focus({ preventScroll: true });
    }
  }

  document.addEventListener("click", closeAfterClick);
  document.addEventListener("click", putAway);
  document.addEventListener("click", signOut);
  document.addEventListener("keydown", closeOnEscape);
  document.addEventListener("input", filter);
  new MutationObserver(filterAgain).observe(document, { childList: true, subtree: true });
  document.addEventListener("toggle", focusSearch, true);
  document.addEventListener("visibilitychange", seen);

  // After navigation the new page's heading takes the focus, so that a screen reader starts there.
  function arrived(_content, path) {
    if (arrived.last !== undefined && arrived.last !== path) {
      closeMenus(null);
      window.scrollTo(0, 0);
      window.setTimeout(() => {
        const title = document.getElementById("page-title");
        if (title) {
          title.focus({ preventScroll: true });
        }
      }, 50);
    }
    arrived.last = path;
    arrived.count = (arrived.count || 0) + 1;
    return arrived.count;
  }

  // A window that nobody sees asks about no jobs; one that is seen again asks at once.
  function seen() {
    const wanted = document.hidden ? { disabled: true } : { disabled: false, interval: 250 };
    window.dash_clientside.set_props("shell-clock", wanted);
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { shell: { arrived: arrived } });
})();
