package health_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/lockstep-dev/lockstep/health"
)

// testCase is one entry of a file in testdata/cases: a base of objects, what is different here, and the verdict.
type testCase struct {
	Name     string            `json:"name"`
	Base     string            `json:"base"`    // a file of testdata/base
	Patch    []change          `json:"patch"`   // of the cluster
	Unready  []string          `json:"unready"` // pods whose Ready condition is false
	Route    *[]string         `json:"route"`   // the pods that the EndpointSlices hold, of those of the base
	Add      []map[string]any  `json:"add"`     // objects more in the cluster
	Apply    []change          `json:"apply"`   // of the applied objects, which are as in the cluster otherwise
	Gone     []change          `json:"gone"`    // objects that were applied and have gone, and what they were then
	Drop     []string          `json:"drop"`    // objects of the cluster that were not applied: another app's
	Events   []event           `json:"events"`  // warnings about objects of the cluster
	Nodes    map[string]string `json:"nodes"`
	NodesAt  string            `json:"nodesAt"`  // when they were looked up, a time of day
	Resource string            `json:"resource"` // that the nodes are about, cpu where it is not given
	Elastic  bool              `json:"elastic"`
	Logs     []pastRun         `json:"logs"`
	Seen     string            `json:"seen"` // how far the watches are, 100000 where it is not given
	Blind    []string          `json:"blind"`
	Proof    string            `json:"proof"` // how long pods have to stay ready
	Now      time.Time         `json:"now"`   // when it was gathered
	Rules    []health.Rule     `json:"rules"` // of the app
	Want     verdict           `json:"want"`
}

// change is a JSON merge patch of the objects whose Kind/name matches; a null one takes them away.
type change struct {
	Object string         `json:"object"`
	Merge  map[string]any `json:"merge"`
}

// verdict is what is checked of a report. Rows are checked where any are given.
type verdict struct {
	Status    health.Status `json:"status"`
	Reason    health.Reason `json:"reason"`
	Message   string        `json:"message"`   // a part of it
	Without   string        `json:"without"`   // what may be nowhere in the report
	Advice    string        `json:"advice"`    // a part of the first problem's
	Workloads []string      `json:"workloads"` // name ready/updated/desired status
	Services  []string      `json:"services"`  // name ready/expected status reason
	Pods      []string      `json:"pods"`      // name status reason, of those that show a reason
	Log       []string      `json:"log"`       // of the first problem
	Terminal  *bool         `json:"terminal"`  // of the first problem
	Problems  []string      `json:"problems"`  // reason object pods
	Warnings  []string      `json:"warnings"`  // reason object
	Warning   string        `json:"warning"`   // a part of one warning's message
}

func readCases(t testing.TB) []testCase {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("cases: %v, %v", files, err)
	}
	var all []testCase
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []testCase
		if err := yaml.UnmarshalStrict(content, &cases); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i := range cases {
			cases[i].Name = strings.TrimSuffix(filepath.Base(file), ".yaml") + "/" + cases[i].Name
		}
		all = append(all, cases...)
	}
	return all
}

func TestVerdicts(t *testing.T) {
	for _, c := range readCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			state := c.state(t)
			c.Want.check(t, health.Compute(state))
			c.Want.check(t, health.Compute(lean(t, state)))
		})
	}
}

func (v verdict) check(t *testing.T, r *health.Report) {
	t.Helper()
	if r.Status != v.Status || r.Reason != v.Reason || !strings.Contains(r.Message, v.Message) {
		t.Errorf("report is %s %q %q\n     want %s %q %q", r.Status, r.Reason, r.Message, v.Status, v.Reason, v.Message)
	}
	warned := func(w health.Problem) bool { return strings.Contains(w.Message, v.Warning) }
	if v.Warning != "" && !slices.ContainsFunc(r.Warnings, warned) {
		t.Errorf("warnings are %+v, want %q", r.Warnings, v.Warning)
	}
	v.checkFirst(t, r.Problems)
	if text, err := json.Marshal(r); err != nil || v.Without != "" && strings.Contains(string(text), v.Without) {
		t.Errorf("report is %s, %v, want it without %q", text, err, v.Without)
	}
	compareRows(t, "pods", v.Pods, ailing(r), func(p health.Pod) string {
		return fmt.Sprintf("%s %s %s", p.Name, p.Status, p.Reason)
	})
	compareRows(t, "workloads", v.Workloads, r.Workloads, func(w health.Workload) string {
		return fmt.Sprintf("%s %d/%d/%d %s", w.Name, w.Ready, w.Updated, w.Desired, w.Status)
	})
	compareRows(t, "services", v.Services, r.Services, func(s health.Service) string {
		return strings.TrimSpace(fmt.Sprintf("%s %d/%d %s %s", s.Name, s.EndpointsReady, s.EndpointsExpected, s.Status, s.Reason))
	})
	compareRows(t, "problems", v.Problems, r.Problems, func(p health.Problem) string {
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", p.Reason, p.Object, strings.Join(p.Pods, ",")))
	})
	compareRows(t, "warnings", v.Warnings, r.Warnings, func(p health.Problem) string {
		return fmt.Sprintf("%s %s", p.Reason, p.Object)
	})
}

func compareRows[T any](t *testing.T, what string, want []string, rows []T, describe func(T) string) {
	t.Helper()
	got := make([]string, len(rows))
	for i, row := range rows {
		got[i] = describe(row)
	}
	if want != nil && !slices.Equal(got, want) {
		t.Errorf("%s are %q\n     want %q", what, got, want)
	}
}

// checkFirst checks what is only said of the first problem.
func (v verdict) checkFirst(t *testing.T, problems []health.Problem) {
	t.Helper()
	var first health.Problem
	if len(problems) > 0 {
		first = problems[0]
	}
	if !strings.Contains(first.Advice, v.Advice) {
		t.Errorf("problems are %+v, want advice %q", problems, v.Advice)
	}
	if v.Log != nil && !slices.Equal(first.Log, v.Log) {
		t.Errorf("problems are %+v, want the log %q", problems, v.Log)
	}
	if v.Terminal != nil && (len(problems) == 0 || first.Terminal != *v.Terminal) {
		t.Errorf("problems are %+v, want the first terminal: %v", problems, *v.Terminal)
	}
}
