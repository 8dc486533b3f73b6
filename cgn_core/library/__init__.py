"""The Python API over files, for notebooks and scripts: read, fit, validate, predict, decide. No server, no actor."""

from cgn_core.ingest.reading import Reading
from cgn_core.library.analysis import fit, predict, what_if
from cgn_core.library.decisions import benchmark, roi
from cgn_core.library.files import read, read_many, validate
from cgn_core.stats.benchmarks import Benchmark
from cgn_core.stats.features import check_predictors
from cgn_core.stats.fit import Fit
from cgn_core.stats.predictive import Prediction
from cgn_core.stats.training import Training, train
from cgn_core.stats.validation import Grammar, Validation, cross_validate
from cgn_core.tables import Daily

__all__ = [
    "Benchmark",
    "Daily",
    "Fit",
    "Grammar",
    "Prediction",
    "Reading",
    "Training",
    "Validation",
    "benchmark",
    "check_predictors",
    "cross_validate",
    "fit",
    "predict",
    "read",
    "read_many",
    "roi",
    "train",
    "validate",
    "what_if",
]
