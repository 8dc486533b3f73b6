// The Predictor page: every number and the chart follow the levers in the browser, without a request.
// The arithmetic is window.cgnPredictive (predictive.js), the twin of cgn_core.stats.predictive.
(function () {
  "use strict";

  const DASH = "\u2013";
  const { fixed, short, whole, signed, percent, interval } = window.cgnNumbers;
  const CURVE_POINTS = 17;
  const MINUTES_PER_HOUR = 60;
  const NOTICES = {
    none: "",
    beyond_support: "Beyond what was ever tried: the line is carried on, and nothing in the history checks it.",
    refused: "Too far beyond anything tried: the history can't say what such a week would bring.",
  };
  const CHART = { type: "figure", name: "predictor-curve" };

  const REST = 2000; // milliseconds without a movement after which a plan counts as shown

  let resting = null;
  let drawnLine = null; // of the chart, for its table
  let focus = null; // the lever moved last; the chart draws the answer along it

  function hours(minutes, plan) {
    return Object.entries(plan).reduce((sum, [lever, count]) => sum + (minutes[lever] || 0) * count, 0) / MINUTES_PER_HOUR;
  }

  function answerFor(page, plan) {
    return window.cgnPredictive.predict(page.predictor, plan, page.level);
  }

  // The expected growth and its interval along one lever, the others held.
  function curve(page, plan, lever) {
    const line = { x: [], low: [], high: [], expected: [] };
    for (let place = 0; place < CURVE_POINTS; place += 1) {
      const count = (page.most[lever] * place) / (CURVE_POINTS - 1);
      const answer = answerFor(page, Object.assign({}, plan, { [lever]: count }));
      if (answer.expected !== null) {
        line.x.push(count);
        line.low.push(answer.low);
        line.high.push(answer.high);
        line.expected.push(answer.expected);
      }
    }
    return line;
  }

  // The chart's numbers as a table, written while it is open; React leaves the empty holder alone.
  function table(page, lever, line) {
    const holder = document.getElementById("predictor-curve-table");
    const details = document.getElementById("predictor-curve-numbers");
    drawnLine = { page, lever, line };
    if (!holder || !details || !details.open) {
      return;
    }
    const made = document.createElement("table");
    made.className = "data-table";
    const row = (cells, tag) => {
      const line_ = document.createElement("tr");
      cells.forEach((text, place) => {
        const cell = document.createElement(place === 0 ? "th" : tag);
        cell.textContent = text;
        cell.className = "numeric";
        cell.scope = tag === "th" ? "col" : "row";
        line_.append(cell);
      });
      return line_;
    };
    made.createCaption().textContent = `Expected followers next week by ${lever} a week`;
    made.caption.className = "visually-hidden";
    made.createTHead().append(row([`${lever} a week`, "Expected", `Interval, ${percent(page.level)}`], "th"));
    const body = made.createTBody();
    line.x.forEach((count, place) => {
      const range = `${whole(line.low[place])} to ${whole(line.high[place])}`;
      body.append(row([short(count, 1), signed(line.expected[place]), range], "td"));
    });
    holder.replaceChildren(made);
  }

  // What the chart shows, for those who hear the page.
  function describe(page, plan, lever, answer) {
    const graph = document.getElementById(window.cgnFigures.elementId(CHART));
    const image = graph && graph.closest("[role=img]");
    if (image && answer.expected !== null) {
      const at = `With ${short(plan[lever], 1)} ${lever} a week ${signed(answer.expected)} followers are expected`;
      image.setAttribute("aria-label", `${at} (${interval(page.level, answer.low, answer.high)}); the curve follows ${lever} from 0 to ${page.most[lever]}.`);
    }
  }

  function neverTried(tried, most) {
    return {
      shape: { type: "rect", x0: tried, x1: most, yref: "paper", y0: 0, y1: 1, fillcolor: "token:never", line: { width: 0 }, layer: "below" },
      note: { x: most, yref: "paper", y: 0.03, text: "never tried", showarrow: false, xanchor: "right", font: { size: 12, color: "token:muted" } },
    };
  }

  function chart(page, plan, lever, answer) {
    const line = curve(page, plan, lever);
    table(page, lever, line);
    describe(page, plan, lever, answer);
    const most = page.most[lever];
    const tried = page.predictor.support[lever];
    const figure = JSON.parse(JSON.stringify(page.frame));
    const hover = line.x.map(
      (count, place) =>
        `${short(count, 1)} ${lever} a week: ${signed(line.expected[place])} expected<br>` +
        interval(page.level, line.low[place], line.high[place])
    );
    const edge = { type: "scatter", mode: "lines", x: line.x, line: { width: 0 }, hoverinfo: "skip" };
    figure.data = [
      Object.assign({}, edge, { y: line.low }),
      Object.assign({}, edge, { y: line.high, fill: "tonexty", fillcolor: "token:band" }),
      {
        type: "scatter", mode: "lines", x: line.x, y: line.expected, line: { color: "token:" + lever, width: 2.5 },
        text: hover, hovertemplate: "%{text}<extra></extra>",
      },
    ];
    if (answer.expected !== null) {
      figure.data.push({
        type: "scatter", mode: "markers", x: [plan[lever]], y: [answer.expected], hoverinfo: "skip",
        marker: { size: 13, color: "token:" + lever, line: { color: "token:surface", width: 2 } },
      });
    }
    if (tried < most) {
      const area = neverTried(tried, most);
      figure.layout.shapes.push(area.shape);
      figure.layout.annotations = [area.note];
    }
    figure.layout.xaxis.range = [0, most];
    figure.layout.xaxis.title.text = lever + " a week";
    return figure;
  }

  function comparison(page, plan) {
    const against = window.cgnPredictive.difference(page.predictor, plan, page.predictor.usual, page.level);
    if (against.estimate === 0 && against.low === against.high) {
      return { value: "0", note: "the same plan", tone: "" };
    }
    const unclear = against.low <= 0 && against.high >= 0;
    return {
      value: signed(against.estimate),
      note: interval(page.level, against.low, against.high) + (unclear ? ", not distinguishable from nothing" : ""),
      tone: unclear ? "" : against.estimate > 0 ? " text-up" : " text-down",
    };
  }

  function moved(page) {
    const trigger = window.dash_clientside.callback_context.triggered_id;
    if (trigger && typeof trigger === "object" && page.levers.includes(trigger.name)) {
      focus = trigger.name;
    }
    return page.levers.includes(focus) ? focus : page.focus;
  }

  // An emptied box is no answer: the lever's last count stays until another one is typed.
  const last = {};

  function predict(page, values) {
    const plan = {};
    page.levers.forEach((lever, place) => {
      if (Number.isFinite(values[place])) {
        last[lever] = values[place];
      }
      plan[lever] = lever in last ? last[lever] : page.predictor.usual[lever];
    });
    const lever = moved(page);
    const answer = answerFor(page, plan);
    const work = `${fixed(hours(page.minutes, plan), 1)} hours of work \u00b7 as last 4 weeks: ${fixed(hours(page.minutes, page.predictor.usual), 1)}`;
    rest(page, plan, answer);
    const drawn = window.cgnFigures.draw(chart(page, plan, lever, answer), CHART);
    const heading = `If only ${lever} changed`;
    if (answer.expected === null) {
      return [DASH, "no answer for this week", DASH, "", "metric-value", DASH, "", work, NOTICES.refused, drawn, heading];
    }
    const against = comparison(page, plan);
    return [
      signed(answer.expected),
      `${interval(page.level, answer.low, answer.high)}; median ${signed(answer.median)}`,
      against.value,
      against.note,
      "metric-value" + against.tone,
      `${whole(answer.repeatable)} / ${whole(answer.viral)}`,
      page.viralNote,
      work,
      NOTICES[answer.extrapolation],
      drawn,
      heading,
    ];
  }

  // A plan on which the levers rest is told to the server, which keeps its forecast; nothing waits for that.
  function rest(page, plan, answer) {
    window.clearTimeout(resting);
    const moved = page.levers.some((lever) => plan[lever] !== page.start[lever]);
    if (answer.expected === null || !moved) {
      return;
    }
    resting = window.setTimeout(function () {
      if (document.getElementById("predictor-expected")) {
        window.dash_clientside.set_props("predictor-rested", { data: { model: page.model, plan: plan } });
      }
    }, REST);
  }

  function reset(_clicks, page) {
    return page.levers.map((lever) => page.predictor.usual[lever]);
  }

  // A plan from the server; levers that it doesn't set stay where they are.
  function use(chosen, values, page) {
    const plan = (chosen || {}).plan || {};
    return page.levers.map((lever, place) => (lever in plan ? plan[lever] : values[place]));
  }

  // The address of the levers as they stand, for somebody of the same team.
  function link(clicks, values, page) {
    if (!clicks) {
      return window.dash_clientside.no_update;
    }
    const plan = page.levers.map((lever, place) => `${lever}:${Math.round(values[place] * 100) / 100}`).join(",");
    const address = `${window.location.origin}${window.location.pathname}?plan=${plan}`;
    const said = (words) => window.dash_clientside.set_props("predictor-linked", { children: words });
    const byHand = () => said(`Copy this address: ${address}`);
    if (!navigator.clipboard) {
      byHand();
    } else {
      navigator.clipboard.writeText(address).then(() => said("The link is copied; whoever may see this workspace can open it."), byHand);
    }
    return window.dash_clientside.no_update;
  }

  // Boxes that were typed into and not left yet: what they were told, by lever. An earlier count that Dash only now
  // writes into the box is thereby never taken for what was typed.
  const typed = new Map();

  function leverBox(event) {
    return event.target.closest && event.target.closest(".lever input[type=number]");
  }

  function leverOf(box) {
    return JSON.parse(box.closest(".lever").id);
  }

  function hear(event) {
    const box = leverBox(event);
    if (box) {
      typed.set(leverOf(box).name, box.value);
    }
  }

  // What is typed becomes a whole count within the lever's reach, in the box and in the answer alike.
  function take(event) {
    const box = leverBox(event);
    if (!box) {
      return;
    }
    const id = leverOf(box);
    if (!typed.has(id.name)) {
      // Who only passes by changes nothing: leaving the box, Dash would round the mean that stands in it.
      event.stopPropagation();
      return;
    }
    const text = typed.get(id.name).trim();
    const told = text === "" ? last[id.name] : Number(text);
    const step = Number(box.step) || 1;
    const count = Math.min(Math.max(Math.round((Number.isFinite(told) ? told : 0) / step) * step, 0), Number(box.max));
    // Known at once: the answer to it may come after the next key on a slow machine.
    last[id.name] = count;
    typed.set(id.name, String(count));
    if (event.type === "focusout") {
      typed.delete(id.name);
    }
    box.value = String(count); // what Dash reads on leaving the box
    window.setTimeout(function () {
      // Where the page was left from within the box, the levers of the next creator's page have the same ids.
      if (box.isConnected) {
        window.dash_clientside.set_props(id, { value: count });
        box.value = String(count);
      }
    }, 0);
  }

  function opened(event) {
    if (event.target.id === "predictor-curve-numbers" && drawnLine) {
      table(drawnLine.page, drawnLine.lever, drawnLine.line);
    }
  }

  document.addEventListener("toggle", opened, true);

  // All before Dash: a slider ignores what is beyond its reach, and puts its last count back when its box is left with
  // such, which on a slow machine comes after our correction.
  document.addEventListener("input", hear, true);
  ["change", "focusout"].forEach((name) => document.addEventListener(name, take, true));

  window.dash_clientside = Object.assign({}, window.dash_clientside, { predictor: { predict, reset, link, use } });
})();
