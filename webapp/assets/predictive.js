// The twin of cgn_core/stats/predictive.py: the same finite formula, equal to rounding (a test holds them together).
(function () {
  "use strict";

  const FAR = 2;
  const NEWTON_STEPS = 200;
  const TOLERANCE = 1e-13;

  function horner(coefficients, x) {
    return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
  }

  // erfc by W. J. Cody's rational Chebyshev approximations (Math. Comp. 23, 1969), relative error below 1e-15.
  const ERF_P = [1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3];
  const ERF_Q = [1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3];
  const ERFC_P = [
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
    8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
  ];
  const ERFC_Q = [
    1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
  ];
  const TAIL_P = [1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4];
  const TAIL_Q = [1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3];
  const SQRT_PI_INVERSE = 0.56418958354775628695;

  // exp(-y²) with the square split, so that its rounding doesn't spoil the tail.
  function expMinusSquare(y) {
    const head = Math.trunc(y * 16) / 16;
    return Math.exp(-head * head) * Math.exp(-(y - head) * (y + head));
  }

  function erfc(x) {
    const y = Math.abs(x);
    if (y <= 0.46875) {
      const square = y * y;
      return 1 - (x * horner(ERF_P, square)) / horner(ERF_Q, square);
    }
    let value;
    if (y <= 4) {
      value = (expMinusSquare(y) * horner(ERFC_P, y)) / horner(ERFC_Q, y);
    } else if (y < 27) {
      const inverse = 1 / (y * y);
      const tail = (inverse * horner(TAIL_P, inverse)) / horner(TAIL_Q, inverse);
      value = (expMinusSquare(y) * (SQRT_PI_INVERSE - tail)) / y;
    } else {
      value = 0;
    }
    return x < 0 ? 2 - value : value;
  }

  function normalCdf(x) {
    return 0.5 * erfc(-x / Math.SQRT2);
  }

  function dot(first, second) {
    return first.reduce((sum, value, place) => sum + value * second[place], 0);
  }

  function quadratic(matrix, row) {
    return dot(row, matrix.map((line) => dot(line, row)));
  }

  function fullPlan(model, plan) {
    const counts = {};
    model.levers.forEach((lever) => {
      counts[lever] = lever in plan ? plan[lever] : model.usual[lever];
    });
    return counts;
  }

  function extrapolation(model, counts) {
    if (model.levers.some((lever) => counts[lever] > FAR * model.support[lever] + 1)) {
      return "refused";
    }
    return model.levers.some((lever) => counts[lever] > model.support[lever]) ? "beyond_support" : "none";
  }

  function components(model, row, repeatable) {
    const size = Math.max(repeatable + model.lost, model.floor);
    const noise = model.dispersion * size + quadratic(model.covariance, row);
    const parts = [];
    for (const [weight, mean, spread] of model.viral) {
      for (const [factor, share] of model.scales) {
        const variance = (size * spread) ** 2 + noise * factor ** 2;
        parts.push({ weight: weight * share, mean: repeatable + size * mean, spread: Math.sqrt(Math.max(variance, TOLERANCE)) });
      }
    }
    return parts;
  }

  function mixtureQuantile(parts, probability) {
    let low = Math.min(...parts.map((part) => part.mean - 12 * part.spread));
    let high = Math.max(...parts.map((part) => part.mean + 12 * part.spread));
    const narrowest = Math.min(...parts.map((part) => part.spread));
    let guess = parts.reduce((sum, part) => sum + part.weight * part.mean, 0);
    for (let turn = 0; turn < NEWTON_STEPS; turn += 1) {
      let mass = 0;
      let slope = 0;
      for (const part of parts) {
        const scaled = (guess - part.mean) / part.spread;
        mass += part.weight * normalCdf(scaled);
        slope += (part.weight * Math.exp(-0.5 * scaled * scaled)) / part.spread;
      }
      const excess = mass - probability;
      slope /= Math.sqrt(2 * Math.PI);
      if (excess > 0) {
        high = guess;
      } else {
        low = guess;
      }
      const step = slope > 0 ? guess - excess / slope : low;
      const proposed = low < step && step < high ? step : 0.5 * (low + high);
      if (Math.abs(proposed - guess) <= TOLERANCE * (Math.abs(guess) + narrowest)) {
        return proposed;
      }
      guess = proposed;
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

  function predict(model, plan, level) {
    const counts = fullPlan(model, plan);
    const reach = extrapolation(model, counts);
    const answer = { plan: counts, level, method: model.method, extrapolation: reach };
    if (reach === "refused") {
      return Object.assign(answer, { expected: null, median: null, low: null, high: null, repeatable: null, viral: null });
    }
    const row = [1, ...model.levers.map((lever) => counts[lever])];
    const repeatable = dot(row, model.mean);
    const probabilities = [(1 - level) / 2, 0.5, (1 + level) / 2];
    let quantiles;
    let expected;
    if (model.method === "loo_residuals") {
      quantiles = probabilities.map((probability) => repeatable + weibullQuantile(model.residuals, probability));
      expected = repeatable + model.residuals.reduce((sum, value) => sum + value, 0) / model.residuals.length;
    } else {
      const parts = components(model, row, repeatable);
      quantiles = probabilities.map((probability) => mixtureQuantile(parts, probability));
      expected = parts.reduce((sum, part) => sum + part.weight * part.mean, 0);
    }
    const [low, median, high] = quantiles;
    return Object.assign(answer, { expected, median, low, high, repeatable, viral: expected - repeatable });
  }

  function difference(model, plan, against, level) {
    const first = fullPlan(model, plan);
    const second = fullPlan(model, against);
    const step = [0, ...model.levers.map((lever) => first[lever] - second[lever])];
    const lift = 1 + model.viral.reduce((sum, [weight, mean]) => sum + weight * mean, 0);
    const estimate = lift * dot(step, model.mean);
    const margin = lift * model.multipliers[String(level)] * Math.sqrt(Math.max(quadratic(model.covariance, step), 0));
    return { estimate, low: estimate - margin, high: estimate + margin, level };
  }

  window.cgnPredictive = { predict, difference };
})();
