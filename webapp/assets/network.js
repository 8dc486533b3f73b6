// What the page says when a request of Dash's is refused: signed out, too large, no connection.
(function () {
  "use strict";

  const UPDATE = "/_dash-update-component";
  const PAGE = "_pages_content.children";
  const PATIENCE = 400; // milliseconds
  const fetched = window.fetch;
  let lost = false;

  function show(sentence) {
    let box = document.getElementById("network-alert");
    if (!box) {
      box = document.createElement("div");
      box.id = "network-alert";
      box.className = "notice network-alert tone-down";
      box.setAttribute("role", "alert");
      const words = document.createElement("div");
      words.className = "alert-words";
      const close = document.createElement("button");
      close.className = "icon-button";
      close.type = "button";
      close.setAttribute("aria-label", "Dismiss");
      close.textContent = "\u00d7";
      close.addEventListener("click", () => box.remove());
      box.append(words, close);
      document.body.append(box);
    }
    box.querySelector(".alert-words").textContent = sentence;
    // Where nothing of the page came there is nothing else to press.
    if (!document.getElementById("main") && !box.querySelector(".button")) {
      const again = document.createElement("button");
      again.className = "button button-plain button-small";
      again.type = "button";
      again.textContent = "Load the page again";
      again.addEventListener("click", () => window.location.reload());
      box.querySelector(".alert-words").after(again);
    }
  }

  function hide() {
    const box = document.getElementById("network-alert");
    if (box) {
      box.remove();
    }
  }

  function explain(response) {
    if (response.status === 401) {
      const next = window.location.pathname + window.location.search;
      window.location.assign("/sign-in?next=" + encodeURIComponent(next));
      return;
    }
    // A proxy before the portal may answer in JSON too, without a sentence.
    const unsaid = "The server couldn't answer (" + response.status + "). Try again in a moment.";
    response
      .clone()
      .json()
      .then((body) => show((body && body.message) || unsaid))
      .catch(() => show(unsaid));
  }

  // A page that takes a while says so by a line at the top of the window: what it replaces stays until then.
  function waitForPage(answer) {
    const root = document.documentElement;
    const timer = window.setTimeout(() => root.setAttribute("data-waits", ""), PATIENCE);
    function answered() {
      window.clearTimeout(timer);
      root.removeAttribute("data-waits");
    }
    answer.then(answered, answered);
  }

  window.fetch = function (resource, options) {
    const address = typeof resource === "string" ? resource : resource.url;
    const answer = fetched.call(this, resource, options);
    if (!address.includes(UPDATE)) {
      return answer;
    }
    if (options && typeof options.body === "string" && options.body.includes(PAGE)) {
      waitForPage(answer);
    }
    return answer.then(
      (response) => {
        if (response.ok) {
          if (lost) {
            lost = false;
            hide();
          }
        } else {
          explain(response);
        }
        return response;
      },
      (error) => {
        lost = true;
        show("The server can't be reached. What you see may be out of date; this message goes away when it answers again.");
        throw error;
      }
    );
  };

  // Dash's upload drops a file that is too large without a word: say it, and send nothing.
  function refuseLarge(event) {
    const zone = event.target.closest && event.target.closest("[data-upload-limit]");
    const files = event.type === "drop" ? event.dataTransfer && event.dataTransfer.files : event.target.files;
    if (!zone || !files) {
      return;
    }
    const limit = Number(zone.getAttribute("data-upload-limit"));
    const large = Array.from(files).find((file) => file.size > limit);
    if (large) {
      const alone = files.length === 1;  // counted before the field is emptied
      event.preventDefault();
      event.stopPropagation();
      const most = Number(zone.getAttribute("data-large-limit") || 0);
      if (event.type === "change") {
        event.target.value = "";
      }
      if (alone && large.size <= most) {
        window.cgnSendLarge(zone, large);
        return;
      }
      const megabytes = (bytes) => window.cgnNumbers.whole(bytes / 1048576);
      show(
        large.size <= most
          ? large.name + " has " + megabytes(large.size) + " MB: drop it alone, and the others after it."
          : large.name + " has " + megabytes(large.size) + " MB; a file may have " + megabytes(most || limit) +
              " MB. Split it by creator or by year and import the parts."
      );
    }
  }
  document.addEventListener("change", refuseLarge, true);
  document.addEventListener("drop", refuseLarge, true);
})();
