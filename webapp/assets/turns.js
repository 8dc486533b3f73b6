// Charts are drawn one after the other, those in sight first, each once the one before stands on the screen: one below
// the fold costs as much time as the one that its reader waits for.
(function () {
  "use strict";

  const waiting = []; // charts that were never drawn
  let isBusy = false;

  function isInSight({ holder }) {
    const { top, bottom } = holder.getBoundingClientRect();
    return top < window.innerHeight && bottom > 0;
  }

  function afterPaint(next) {
    if (document.hidden) {
      window.setTimeout(next); // what nobody sees isn't painted
    } else {
      window.requestAnimationFrame(() => window.setTimeout(next));
    }
  }

  function drawNext() {
    isBusy = waiting.length > 0;
    if (isBusy) {
      const seen = waiting.findIndex(isInSight);
      waiting.splice(Math.max(seen, 0), 1)[0].draw();
      afterPaint(drawNext);
    }
  }

  function drawInTurns(library) {
    const react = library.react;
    library.drawWaiting = () => waiting.splice(0).forEach(({ draw }) => draw()); // paper waits for none: figures.js
    library.react = function (holder, ...figure) {
      const draw = () => react.call(library, holder, ...figure);
      if (holder.matches(".js-plotly-plot")) {
        return draw(); // it stands there, and changes
      }
      const earlier = waiting.find((each) => each.holder === holder);
      if (earlier) {
        earlier.latest = draw; // what waited is out of date, and must not come after what follows
        return earlier.drawn;
      }
      const turn = { holder, latest: draw };
      turn.drawn = new Promise(function (resolve, reject) {
        turn.draw = function () {
          if (holder.isConnected) { // else nothing is drawn and nothing follows: Dash would draw the next figure into nothing
            new Promise((done) => done(turn.latest())).then(resolve, reject);
          }
        };
      });
      waiting.push(turn);
      if (!isBusy) {
        isBusy = true;
        isInSight(turn) ? drawNext() : afterPaint(drawNext);
      }
      return turn.drawn;
    };
  }

  function look() {
    if (window.Plotly && window.Plotly.react && !window.Plotly.drawWaiting) {
      drawInTurns(window.Plotly);
    }
  }

  look();
  document.addEventListener("load", look, true); // of any script: the page's own, or the one that Dash adds later
})();
