"""The Python API over files, for notebooks and scripts: read, fit, validate, predict, decide. No server, no actor."""

from cgn_core.ingest.drops import Drop
from cgn_core.ingest.reading import Reading
from cgn_core.library.analysis import compare, fit, predict, what_if
from cgn_core.library.decisions import benchmark, counterfactual, diagnose, plan, roi, roi_in_money
from cgn_core.library.files import read, read_many, validate, validate_together, weekly_sums
from cgn_core.library.pictures import figure
from cgn_core.library.reports import report, write_report
from cgn_core.reporting.document import Document
from cgn_core.stats.benchmarks import Benchmark
from cgn_core.stats.carry_over_test import CarryOver, weekly_carry_over
from cgn_core.stats.comparison import Comparison
from cgn_core.stats.counterfactual import Counterfactual
from cgn_core.stats.diagnosis import Diagnosis
from cgn_core.stats.drift import Drift
from cgn_core.stats.feature_table import weekly_features
from cgn_core.stats.features import check_predictors
from cgn_core.stats.fit import Fit
from cgn_core.stats.insights import Insight, insights
from cgn_core.stats.predictive import Prediction
from cgn_core.stats.response import ResponseCurve, response_curve, response_curves
from cgn_core.stats.saturation import Saturation, saturation
from cgn_core.stats.training import Training, train
from cgn_core.stats.validation import Grammar, Validation, cross_validate
from cgn_core.stats.week_plan import WeekPlan
from cgn_core.tables import Daily

__all__ = [
    "Benchmark",
    "CarryOver",
    "Comparison",
    "Counterfactual",
    "Daily",
    "Diagnosis",
    "Document",
    "Drift",
    "Drop",
    "Fit",
    "Grammar",
    "Insight",
    "Prediction",
    "Reading",
    "ResponseCurve",
    "Saturation",
    "Training",
    "Validation",
    "WeekPlan",
    "benchmark",
    "check_predictors",
    "compare",
    "counterfactual",
    "cross_validate",
    "diagnose",
    "figure",
    "fit",
    "insights",
    "plan",
    "predict",
    "read",
    "read_many",
    "report",
    "response_curve",
    "response_curves",
    "roi",
    "roi_in_money",
    "saturation",
    "train",
    "validate",
    "validate_together",
    "weekly_carry_over",
    "weekly_features",
    "weekly_sums",
    "what_if",
    "write_report",
]
