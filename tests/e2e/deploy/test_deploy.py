"""The files in deploy/: valid by their schemas and linters, consistent with each other, and working."""

import json
import re
import secrets
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
import yaml
from fleet import BINARY, DEPLOY, Fleet, ask, compose, gateways

KUSTOMIZATIONS = ["base", "replicas"]
# Kinds of the Prometheus operator, whose schemas kubernetes-validate does not have.
OPERATOR = {"PodMonitor", "PrometheusRule"}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_dockerfile_passes_hadolint():
    run("hadolint", "Dockerfile")


def test_the_compose_file_is_valid_and_confines_the_gateways():
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml"))
    assert len(gateways()) == 3
    for service in gateways().values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], service


def documents_of(kustomization):
    return list(yaml.safe_load_all(run("kubectl", "kustomize", str(DEPLOY / "kubernetes" / kustomization))))


@pytest.mark.parametrize("kustomization", KUSTOMIZATIONS)
def test_the_kubernetes_manifests_are_valid(kustomization, tmp_path):
    file = tmp_path / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(document for document in documents_of(kustomization) if document["kind"] not in OPERATOR))
    run("kubernetes-validate", "--strict", "-k", "1.37.0", str(file))


@pytest.fixture(scope="module", params=KUSTOMIZATIONS)
def base(request):
    """The objects of each kustomization that all have."""
    return {document["kind"]: document for document in documents_of(request.param) if "not-public" not in document["metadata"]["name"]}


@pytest.fixture(scope="module")
def objects():
    """The objects of several replicas."""
    return {document["kind"]: document for document in documents_of("replicas") if "not-public" not in document["metadata"]["name"]}


def seconds(text):
    assert text.endswith("s"), text
    return int(text.removesuffix("s"))


def test_pods_are_confined_probed_and_shut_down_gracefully(base):
    pod = base["Deployment"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
    assert security["capabilities"]["drop"] == ["ALL"]
    assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    # The drain delay, as docs/operations.md recommends it, then up to 10 s for requests in flight.
    drain_delay = base["ConfigMap"]["data"]["IPS_GATEWAY_DRAIN_DELAY"]
    assert f"{seconds(drain_delay)} s is right in Kubernetes" in Path("docs/operations.md").read_text()
    assert "lifecycle" not in container, "the drain delay is enough"
    assert pod["terminationGracePeriodSeconds"] >= seconds(drain_delay) + 10 + 5


def test_compose_stops_gracefully_and_uses_the_documented_policy_of_the_store():
    for service in gateways().values():
        drain_delay = seconds(service["environment"].get("IPS_GATEWAY_DRAIN_DELAY", "0s"))
        assert seconds(service["stop_grace_period"]) >= drain_delay + 10 + 5
    command = compose()["services"]["valkey"]["command"]
    policy = command[command.index("--maxmemory-policy") + 1]
    assert f"`maxmemory-policy {policy}`" in Path("docs/replicas.md").read_text()


def test_a_base_without_a_shared_cache_is_one_gateway():
    kinds = {document["kind"]: document for document in documents_of("base")}
    assert kinds["Deployment"]["spec"]["replicas"] == 1 and "HorizontalPodAutoscaler" not in kinds
    assert not [name for name in kinds["ConfigMap"]["data"] if "SHARED_CACHE" in name]
    (egress,) = kinds["NetworkPolicy"]["spec"]["egress"]
    assert 6379 not in [port["port"] for port in egress["ports"]]


def test_several_replicas_share_a_cache(objects):
    assert "replicas" not in objects["Deployment"]["spec"], "the autoscaler sets it"
    (egress,) = objects["NetworkPolicy"]["spec"]["egress"]
    assert 6379 in [port["port"] for port in egress["ports"]]


@pytest.mark.parametrize("kustomization", KUSTOMIZATIONS)
def test_the_ingress_exposes_neither_metrics_nor_readiness(kustomization):
    documents = documents_of(kustomization)
    (ingress,) = [document for document in documents if document["kind"] == "Ingress"]
    (rule,) = ingress["spec"]["rules"]
    services = {document["metadata"]["name"]: document for document in documents if document["kind"] == "Service"}
    exact = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"] if path["pathType"] == "Exact"}
    assert set(exact) == {"/metrics", "/readyz"}
    for name in exact.values():
        assert "selector" not in services[name]["spec"], "it has no endpoints"


def test_the_operator_scrapes_the_pods_under_the_job_name_of_the_alerts(objects):
    pods, monitor = objects["Deployment"]["spec"]["template"], objects["PodMonitor"]["spec"]
    labels = pods["metadata"]["labels"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    ports = [port["name"] for port in pods["spec"]["containers"][0]["ports"]]
    assert all(endpoint["port"] in ports and endpoint["path"] == "/metrics" for endpoint in monitor["podMetricsEndpoints"])
    job = labels[monitor["jobLabel"]]
    groups = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    jobs = {name for rule in groups[0]["rules"] for name in re.findall(r'job="([^"]*)"', rule["expr"])}
    assert jobs == {job}, "every alert selects this job"
    assert all("job=" in rule["expr"] for rule in groups[0]["rules"])
    assert objects["PrometheusRule"]["spec"]["groups"] == groups, "deploy/kubernetes/monitoring/rules.yaml has the rules of alerts.yml"
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    assert [scrape["job_name"] for scrape in config["scrape_configs"]] == [job]


def test_the_manifests_select_the_same_pods(objects):
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        objects["Deployment"]["spec"]["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
        objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(selector.items() <= labels.items() for selector in selectors), selectors
    assert objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == objects["Deployment"]["metadata"]["name"]
    assert objects["HorizontalPodAutoscaler"]["spec"]["minReplicas"] >= 2
    (rule,) = objects["Ingress"]["spec"]["rules"]
    (path,) = [path for path in rule["http"]["paths"] if path["pathType"] == "Prefix"]
    assert path["backend"]["service"]["name"] == objects["Service"]["metadata"]["name"]


def test_the_gateway_accepts_the_settings_of_the_manifests(base, tmp_path):
    (mount,) = base["Deployment"]["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    env = {}
    for name, value in base["ConfigMap"]["data"].items():
        if name.endswith("_FILE"):
            assert value.startswith(f"{mount['mountPath']}/"), f"{name} is not mounted"
            secret = tmp_path / Path(value).name
            secret.write_text("redis://127.0.0.1:1" if "url" in value else secrets.token_urlsafe(32))
            value = str(secret)
        env[name] = value
    env["IPS_GATEWAY_LISTEN"] = "127.0.0.1:0"
    process = subprocess.Popen([BINARY, "serve"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    process.terminate()
    _, complaints = process.communicate(timeout=20)
    assert line.startswith("http://"), complaints


def test_the_prometheus_configuration_is_valid_and_every_alert_is_tested():
    run("promtool", "check", "config", str(DEPLOY / "prometheus/prometheus.yml"))
    run("promtool", "test", "rules", str(DEPLOY / "prometheus/alerts.test.yml"))
    alerts = {rule["alert"] for rule in rules()}
    tests = yaml.safe_load((DEPLOY / "prometheus/alerts.test.yml").read_text())["tests"]
    tested = {test["alertname"] for group in tests for test in group["alert_rule_test"] if test["exp_alerts"]}
    assert alerts == tested, "alerts on the left, those that a test sees firing on the right"


def rules():
    return yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    yield fleet
    fleet.stop()


def test_nginx_balances_over_all_replicas(fleet):
    for _ in range(9):
        status, headers, text = ask(f"{fleet.url}/jobs")
        assert status == 200 and json.loads(text)["jobs"], text
    served = [re.findall(r'duration_seconds_count\{.*http_route="/jobs".*\} (\d+)', ask(f"{url}/metrics")[2]) for url in fleet.gateways.values()]
    assert all(count and int(count[0]) >= 2 for count in served), served


def test_a_request_has_the_same_id_in_the_logs_of_nginx_and_the_gateway(fleet):
    _, headers, _ = ask(f"{fleet.url}/jobs", {"X-Request-Id": "mine-1"})
    assert headers["X-Request-Id"] == "mine-1"
    _, headers, _ = ask(f"{fleet.url}/jobs?companyHandle=c%7C110")
    made = headers["X-Request-Id"]
    # Both write their line after the response.
    for _ in range(50):
        logs = {log.name: log.read_text() for log in fleet.folder.glob("*.log")}
        if sum(made in text for text in logs.values()) == 2:
            break
        time.sleep(0.1)
    for request in ["mine-1", made]:
        assert request in logs["access.log"], logs["access.log"]
        assert sum(f'"request_id":"{request}"' in text for name, text in logs.items() if name != "access.log") == 1, request
    assert "c%7C110" not in logs["access.log"]
    for line in logs["access.log"].splitlines():
        json.loads(line)


def test_nginx_does_not_buffer_event_streams(fleet):
    login = {"Authorization": "Basic a2F0bHluQGV4YW1wbGUuY29tOnNhbmRib3gta2F0bHlu"}
    began = time.monotonic()
    with urllib.request.urlopen(urllib.request.Request(f"{fleet.url}/jobs/events", headers=login), timeout=10) as stream:
        lines = [stream.readline() for _ in range(4)]
    assert any(line.startswith(b"event: snapshot") for line in lines), lines
    assert time.monotonic() - began < 5, "the events were buffered"


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/readyz?verbose", "//metrics", "/%72eadyz?verbose"])
def test_nginx_exposes_neither_metrics_nor_readiness(fleet, path):
    status, _, _ = ask(f"{fleet.url}{path}")
    assert status == 404


# The names of metrics in a query.
METRIC = re.compile(r"\b(up|http_[a-z_]+|ips_gateway_[a-z_]+|process_[a-z_]+)\b(?=[{\[ )*/]|$)")


def test_the_dashboard_and_the_alerts_query_existing_metrics(fleet, tmp_path):
    (_, _, jobs) = ask(f"{fleet.url}/jobs")
    job = json.loads(jobs)["jobs"][0]["id"]
    ask(f"{fleet.url}/jobs/{job}/stop", method="POST")
    scraped = set()
    for url in fleet.gateways.values():
        for line in ask(f"{url}/metrics")[2].splitlines():
            scraped |= {re.split(r"[{ ]", line)[0]} - {"#", ""}
    dashboard = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    queries += [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    # A counter appears with its first increment, and some gauges with a setting only; the table in docs/operations.md lists all.
    absent = r"^\| `(\w+)` \| (?:counter |gauge .*Absent without )"
    known = scraped | set(re.findall(absent, Path("docs/operations.md").read_text(), re.MULTILINE)) | {"up"}
    for query in [*queries, *(rule["expr"] for rule in rules())]:
        names = set(METRIC.findall(re.sub(r"by \([^)]*\)", "", query)))
        assert names and names <= known, f"{names - known} of {query} are no metrics"
    # Every query is valid PromQL.
    expressions = [query.replace("$__rate_interval", "5m") for query in queries if not query.startswith("label_values")]
    records = [{"record": f"query:{number}", "expr": expression} for number, expression in enumerate(expressions)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    run("promtool", "check", "rules", str(file))


def test_no_panels_of_the_dashboard_overlap():
    dashboard = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    taken = set()
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        cells = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
        assert not cells & taken and grid["x"] + grid["w"] <= 24, panel["title"]
        taken |= cells
