// The twin of cgn_core/stats/predictive.py: the same finite formula, equal to rounding (a test holds them together).
(function () {
  "use strict";

  const FAR = 2;
  const EDGE = 1e-9;
  const NEWTON_STEPS = 200;
  const TOLERANCE = 1e-12;
  const TINY = 1e-18;
  const REACH = 40;
  const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);
  const ROOT_HALF = Math.SQRT1_2;

  // erfc by W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969) 631-637,
  // with the coefficients of his CALERF; highest power first.
  const NEAR_TOP = [1.85777706184603153e-1, 3.1611237438705656, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3];
  const NEAR_BOTTOM = [1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3];
  const MIDDLE_TOP = [
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
    8.8195222124176909e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
  ];
  const MIDDLE_BOTTOM = [
    1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
  ];
  const FAR_TOP = [
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
    1.60837851487422766e-2, 6.58749161529837803e-4,
  ];
  const FAR_BOTTOM = [
    1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3,
  ];
  const INVERSE_ROOT_PI = 0.56418958354775628695;

  function ratio(top, bottom, x) {
    let above = top[0];
    for (let i = 1; i < top.length; i += 1) {
      above = above * x + top[i];
    }
    let below = bottom[0];
    for (let i = 1; i < bottom.length; i += 1) {
      below = below * x + bottom[i];
    }
    return above / below;
  }

  // exp(-y²) with the square taken apart, so that its rounding doesn't spoil the tail.
  function expMinusSquare(y) {
    const head = Math.trunc(y * 16) / 16;
    return Math.exp(-head * head) * Math.exp(-(y - head) * (y + head));
  }

  function erfc(x) {
    const y = Math.abs(x);
    if (y <= 0.46875) {
      return 1 - x * ratio(NEAR_TOP, NEAR_BOTTOM, y * y);
    }
    let tail = 0;
    if (y <= 4) {
      tail = expMinusSquare(y) * ratio(MIDDLE_TOP, MIDDLE_BOTTOM, y);
    } else if (y < 27) {
      const inverse = 1 / (y * y);
      tail = (expMinusSquare(y) * (INVERSE_ROOT_PI - inverse * ratio(FAR_TOP, FAR_BOTTOM, inverse))) / y;
    }
    return x < 0 ? 2 - tail : tail;
  }

  function normalCdf(x) {
    return 0.5 * erfc(-x * ROOT_HALF);
  }

  function dot(first, second) {
    let sum = 0;
    for (let i = 0; i < first.length; i += 1) {
      sum += first[i] * second[i];
    }
    return sum;
  }

  function quadratic(matrix, row) {
    return dot(row, matrix.map((line) => dot(line, row)));
  }

  // As residuals_needed: the level is taken as the decimal it was written as.
  function residualsNeeded(level) {
    const digits = (String(level).split(".")[1] || "").length;
    const scale = 10 ** digits;
    const missing = scale - Math.round(level * scale);
    return Math.ceil((2 * scale) / missing) - 1;
  }

  function checkLevel(model, level) {
    if (!(level > 0 && level < 1)) {
      throw new RangeError("A level lies between 0 and 1.");
    }
    if (residualsNeeded(level) > model.n_residuals) {
      throw new RangeError("The history is too short for this level.");
    }
  }

  function fullPlan(model, plan) {
    for (const name of Object.keys(plan)) {
      if (!model.levers.includes(name)) {
        throw new RangeError(`The model has no lever ${name}.`);
      }
      if (!Number.isFinite(plan[name]) || plan[name] < 0) {
        throw new RangeError(`A plan needs a count of 0 or more for ${name}.`);
      }
    }
    const counts = {};
    for (const name of model.levers) {
      counts[name] = Object.prototype.hasOwnProperty.call(plan, name) ? plan[name] : model.usual[name];
    }
    return counts;
  }

  function extrapolationOf(model, counts) {
    const off = model.undetermined.map((name) => Math.abs(counts[name] - model.usual[name]));
    if (model.levers.some((name) => counts[name] > FAR * model.support[name] + 1) || off.some((moved) => moved >= 1)) {
      return "refused";
    }
    const away = model.levers.map((name, place) => counts[name] - model.centre[place]);
    const distance = quadratic(model.precision, away);
    const beyond =
      model.levers.some((name) => counts[name] > model.support[name] + EDGE) ||
      off.some((moved) => moved > EDGE) ||
      distance > model.farthest * (1 + EDGE) + EDGE;
    return beyond ? "beyond_support" : "none";
  }

  function rowOf(model, counts) {
    return [1, ...model.levers.map((name) => counts[name])];
  }

  function mixtureQuantile(weights, means, spreads, probability) {
    let low = Infinity;
    let high = -Infinity;
    let narrowest = Infinity;
    for (let i = 0; i < means.length; i += 1) {
      low = Math.min(low, means[i] - REACH * spreads[i]);
      high = Math.max(high, means[i] + REACH * spreads[i]);
      narrowest = Math.min(narrowest, spreads[i]);
    }
    let guess = means[0];
    for (let turn = 0; turn < NEWTON_STEPS; turn += 1) {
      let mass = 0;
      let slope = 0;
      for (let i = 0; i < means.length; i += 1) {
        const scaled = (guess - means[i]) / spreads[i];
        mass += weights[i] * normalCdf(scaled);
        slope += (weights[i] * Math.exp(-0.5 * scaled * scaled)) / spreads[i];
      }
      const excess = mass - probability;
      if (excess > 0) {
        high = guess;
      } else {
        low = guess;
      }
      slope /= ROOT_TWO_PI;
      const step = slope > 0 ? guess - excess / slope : Infinity;
      if (Math.abs(step - guess) <= TOLERANCE * (Math.abs(guess) + narrowest)) {
        return step;
      }
      guess = step > low && step < high ? step : 0.5 * (low + high);
    }
    return guess;
  }

  // Hyndman and Fan's definition 6: interpolated between plotting positions i / (n + 1).
  function weibullQuantile(ordered, probability) {
    const place = Math.min(Math.max((ordered.length + 1) * probability - 1, 0), ordered.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, ordered.length - 1);
    return ordered[below] + (place - below) * (ordered[above] - ordered[below]);
  }

  function quantilesOf(model, row, repeatable, probabilities) {
    if (model.method === "loo_residuals") {
      return probabilities.map((probability) => repeatable + weibullQuantile(model.residuals, probability));
    }
    const size = gainOf(model, repeatable);
    const variance = model.dispersion * size + quadratic(model.covariance, row);
    const weights = [];
    const means = [];
    const spreads = [];
    for (const [weight, mean, own] of model.jumps) {
      for (const [factor, share] of model.scales) {
        weights.push(weight * share);
        means.push(size * mean);
        spreads.push(Math.sqrt(Math.max(size * size * own + variance * factor, TINY)));
      }
    }
    return probabilities.map((probability) => repeatable + mixtureQuantile(weights, means, spreads, probability));
  }

  // Expected week over repeatable week, by the viral days.
  function liftOf(model) {
    return 1 + model.jumps.reduce((sum, [weight, mean]) => sum + weight * mean, 0);
  }

  // Followers gained in a repeatable week, losses not counted.
  function gainOf(model, repeatable) {
    return Math.max(repeatable + model.lost, model.floor);
  }

  function partsOf(model, row) {
    const repeatable = dot(row, model.mean);
    if (model.method === "loo_residuals") {
      return [repeatable, model.residuals.reduce((sum, residual) => sum + residual, 0) / model.residuals.length];
    }
    return [repeatable, (liftOf(model) - 1) * gainOf(model, repeatable)];
  }

  // Next week under a plan; the same keys as Prediction's JSON. The numbers are null where the plan is refused.
  function predict(model, plan, level) {
    checkLevel(model, level);
    const counts = fullPlan(model, plan);
    const extrapolation = extrapolationOf(model, counts);
    const answer = { plan: counts, expected: null, median: null, low: null, high: null, level, method: model.method };
    if (extrapolation === "refused") {
      return Object.assign(answer, { repeatable: null, viral: null, extrapolation });
    }
    const row = rowOf(model, counts);
    const [repeatable, viral] = partsOf(model, row);
    const [low, median, high] = quantilesOf(model, row, repeatable, [(1 - level) / 2, 0.5, (1 + level) / 2]);
    return Object.assign(answer, { expected: repeatable + viral, median, low, high, repeatable, viral, extrapolation });
  }

  // How much more one plan brings within the week than another; the same keys as Difference's JSON.
  function difference(model, plan, against, level) {
    checkLevel(model, level);
    const first = rowOf(model, fullPlan(model, plan));
    const second = rowOf(model, fullPlan(model, against));
    const step = first.map((value, place) => value - second[place]);
    const sum = (parts) => parts[0] + parts[1];
    const estimate = sum(partsOf(model, first)) - sum(partsOf(model, second));
    const variance = quadratic(model.covariance, step);
    if (variance <= 0) {
      return { estimate, low: estimate, high: estimate, level };
    }
    const weights = model.scales.map(([, share]) => share);
    const spreads = model.scales.map(([factor]) => liftOf(model) * Math.sqrt(variance * factor));
    const margin = mixtureQuantile(weights, weights.map(() => 0), spreads, (1 + level) / 2);
    return { estimate, low: estimate - margin, high: estimate + margin, level };
  }

  window.cgnPredictive = { predict, difference };
})();
