// A large file goes to the server in pieces, with its progress beside the drop zone; then a job reads it.
(function () {
  "use strict";

  const ATTEMPTS = 4;
  let sending = false;

  function token() {
    const found = document.cookie.match(/(?:^|; )(?:__Host-)?_csrf_token=([^;]*)/);
    return found ? decodeURIComponent(found[1]) : "";
  }

  function wait(milliseconds) {
    return new Promise((resolve) => window.setTimeout(resolve, milliseconds));
  }

  // A refusal ends it; a lost connection or a server that starts again doesn't.
  async function ask(method, address, body, type, signal) {
    for (let attempt = 1; ; attempt += 1) {
      let answer = null;
      try {
        answer = await window.fetch(address, {
          method: method,
          body: body,
          signal: signal,
          headers: { Accept: "application/json", "Content-Type": type, "X-CSRFToken": token() },
        });
      } catch (error) {
        if (signal.aborted || attempt === ATTEMPTS) {
          throw error;
        }
      }
      if (answer && answer.ok) {
        return answer.status === 204 ? null : answer.json();
      }
      if (answer && (answer.status < 500 || attempt === ATTEMPTS)) {
        const told = await answer.json().catch(() => ({}));
        throw new Error(told.message || "The server couldn't answer (" + answer.status + "). Try again in a moment.");
      }
      await wait(1000 * attempt);
    }
  }

  function box(zone, name) {
    const old = document.getElementById("large-file-sending");
    if (old) {
      old.remove();
    }
    const whole = document.createElement("div");
    whole.id = "large-file-sending";
    whole.className = "notice tone-accent large-file";
    whole.setAttribute("role", "status");
    const words = document.createElement("div");
    words.className = "alert-words";
    const bar = document.createElement("div");
    bar.className = "bar";
    bar.setAttribute("role", "progressbar");
    bar.setAttribute("aria-label", "Sending " + name);
    bar.setAttribute("aria-valuemin", "0");
    bar.setAttribute("aria-valuemax", "100");
    const filled = document.createElement("span");
    bar.append(filled);
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "button button-plain button-small";
    stop.textContent = "Stop";
    whole.append(words, bar, stop);
    zone.after(whole);
    return {
      stop: stop,
      say(sentence, share) {
        words.textContent = sentence;
        const percent = Math.round(100 * share);
        filled.style.width = percent + "%";
        bar.setAttribute("aria-valuenow", String(percent));
      },
      fail(sentence) {
        whole.className = "notice tone-down large-file";
        whole.setAttribute("role", "alert");
        words.textContent = sentence;
        bar.remove();
        stop.remove();
      },
      remove() {
        whole.remove();
      },
    };
  }

  async function send(zone, file) {
    if (sending) {
      return;
    }
    sending = true;
    const shown = box(zone, file.name);
    const ending = new AbortController();
    shown.stop.addEventListener("click", () => ending.abort());
    try {
      shown.say("Sending " + file.name, 0);
      const about = { name: file.name, size: file.size, workspace: zone.getAttribute("data-large-workspace") || null };
      const begun = await ask("POST", "/arrivals", JSON.stringify(about), "application/json", ending.signal);
      const pieces = Math.ceil(file.size / begun.piece_bytes);
      for (let number = 0; number < pieces; number += 1) {
        const piece = file.slice(number * begun.piece_bytes, (number + 1) * begun.piece_bytes);
        const address = "/arrivals/" + begun.id + "/pieces/" + number;
        await ask("PUT", address, piece, "application/octet-stream", ending.signal);
        const share = (number + 1) / pieces;
        shown.say("Sending " + file.name + ": " + window.cgnNumbers.percent(share) + ". Leave this page open.", share);
      }
      await ask("POST", "/arrivals/" + begun.id + "/read", "{}", "application/json", ending.signal);
      sending = false;
      window.location.assign(window.location.pathname + "?arrival=" + begun.id);
    } catch (error) {
      sending = false;
      if (ending.signal.aborted) {
        shown.remove();
      } else {
        const lost = error instanceof TypeError;
        shown.fail(lost ? "The server can't be reached. Nothing was stored; drop the file again." : error.message);
      }
    }
  }

  window.addEventListener("beforeunload", (event) => {
    if (sending) {
      event.preventDefault();
    }
  });

  window.cgnSendLarge = send;
})();
