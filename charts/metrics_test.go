package charts

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/prometheus/promql/parser"
)

// exported are the metrics of the daemon, and the labels of each.
var exported = map[string][]string{
	"lockstep_app_state":                               {"app", "state"},
	"lockstep_app_last_success_timestamp_seconds":      {"app"},
	"lockstep_step_duration_seconds_bucket":            {"step", "le"},
	"lockstep_objects_total":                           {"app", "action"},
	"lockstep_drift_corrections_total":                 {"app"},
	"lockstep_fights_total":                            {"app"},
	"lockstep_gate_verdicts_total":                     {"app", "reason"},
	"lockstep_rollbacks_total":                         {"app"},
	"lockstep_commit_to_healthy_seconds_bucket":        {"app", "le"},
	"lockstep_repository_fetches_total":                {"repository"},
	"lockstep_repository_fetch_errors_total":           {"repository", "type"},
	"lockstep_repository_last_fetch_timestamp_seconds": {"repository"},
	"lockstep_queue_depth":                             nil,
	"lockstep_api_requests_total":                      {"verb", "code"},
	"lockstep_build_info":                              {"version", "commit", "goversion"},
	"lockstep_leader":                                  {"name"},
	"lockstep_notifications_total":                     {"target", "outcome"},
}

// scraped are the labels that Prometheus adds.
var scraped = []string{"job", "namespace", "pod"}

var (
	metric  = regexp.MustCompile(`\b(lockstep_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!=|!~|=)`)
	grouped = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
)

// language is Prometheus' own reading of queries.
var language = parser.NewParser(parser.Options{})

// checkQuery holds a query to the metrics that there are, and to their labels.
func checkQuery(t *testing.T, where, query string) {
	t.Helper()
	if _, err := language.ParseExpr(strings.ReplaceAll(query, "$__rate_interval", "5m")); err != nil {
		t.Errorf("%s asks what Prometheus does not understand: %v\n%s", where, err, query)
	}
	found := metric.FindAllStringSubmatch(query, -1)
	if len(found) == 0 {
		t.Errorf("%s asks for no metric of the daemon: %s", where, query)
	}
	known := slices.Clone(scraped)
	for _, match := range found {
		labels, is := exported[match[1]]
		if !is {
			t.Errorf("%s asks for %s, which there is not", where, match[1])
		}
		known = append(known, labels...)
		for _, m := range matcher.FindAllStringSubmatch(match[2], -1) {
			if !slices.Contains(labels, m[1]) && !slices.Contains(scraped, m[1]) {
				t.Errorf("%s: %s has no label %s", where, match[1], m[1])
			}
		}
	}
	for _, match := range grouped.FindAllStringSubmatch(query, -1) {
		for label := range strings.SplitSeq(match[1], ",") {
			if !slices.Contains(known, strings.TrimSpace(label)) {
				t.Errorf("%s groups by %s, which nothing has", where, label)
			}
		}
	}
}

func TestTheAlertsAskForMetricsThatThereAre(t *testing.T) {
	all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git,metrics.prometheusRule.enabled=true")
	rules := only[monitoringv1.PrometheusRule](t, all, "PrometheusRule").Spec.Groups[0].Rules
	if len(rules) < 8 {
		t.Errorf("only %d alerts", len(rules))
	}
	for _, rule := range rules {
		checkQuery(t, rule.Alert, rule.Expr.String())
		if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" || rule.Labels["severity"] == "" {
			t.Errorf("%s says too little to act on: %v %v", rule.Alert, rule.Labels, rule.Annotations)
		}
	}
}

// TestAnAlertGroupsByWhatItsWordsName holds that an alert begins anew for no label but one that it tells of: its time runs for each.
func TestAnAlertGroupsByWhatItsWordsName(t *testing.T) {
	all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git,metrics.prometheusRule.enabled=true")
	for _, rule := range only[monitoringv1.PrometheusRule](t, all, "PrometheusRule").Spec.Groups[0].Rules {
		words := rule.Annotations["summary"] + rule.Annotations["description"]
		for _, match := range grouped.FindAllStringSubmatch(rule.Expr.String(), -1) {
			for label := range strings.SplitSeq(match[1], ", ") {
				if !strings.Contains(words, "$labels."+label+" ") {
					t.Errorf("%s groups by %s, and says nothing of it", rule.Alert, label)
				}
			}
		}
	}
}

// TestARepositoryThatIsSeldomAskedRaisesNoAlert holds that the age of a fetch alone is none: between two that are right it may be a day.
func TestARepositoryThatIsSeldomAskedRaisesNoAlert(t *testing.T) {
	all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git,repository.interval=24h,metrics.prometheusRule.enabled=true")
	for _, rule := range only[monitoringv1.PrometheusRule](t, all, "PrometheusRule").Spec.Groups[0].Rules {
		age, failures, both := strings.Cut(rule.Expr.String(), "\nand ")
		if strings.Contains(age, "last_fetch") && (!both || !strings.Contains(failures, "lockstep_repository_fetch_errors_total{")) {
			t.Errorf("%s asks for nothing but the age: %s", rule.Alert, age)
		}
	}
}

func TestTheDashboardShowsEveryMetric(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(chart, "dashboards", "lockstep.json"))
	must(t, err)
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	must(t, json.Unmarshal(text, &dashboard))
	shown := map[string]bool{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			checkQuery(t, panel.Title, target.Expr)
			for _, match := range metric.FindAllStringSubmatch(target.Expr, -1) {
				shown[match[1]] = true
			}
		}
	}
	for name := range exported {
		if !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}
