package metrics_test

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// fill has every metric show a series.
func (s *stage) fill() {
	s.join("web")
	s.tell("web", first, commit(first, apply.Created)...)
	drift := apply.Change{ID: server, Action: apply.Configured, Drift: true}
	fight := apply.Change{ID: server, Action: apply.Skipped, Drift: true, Why: "fight: somebody"}
	s.tell("web", first, sync.Event{Step: sync.StepApply, Change: &drift}, sync.Event{Step: sync.StepApply, Change: &fight},
		sync.Event{Step: sync.StepGate, Rejection: &inventory.Rejection{Reason: "ImagePull"}, Back: &sync.Back{From: second, To: first}})
	s.metrics.Traced(sync.Trace{Steps: []sync.Span{{Step: sync.StepFetch}, {Step: sync.StepPlan}}})
	from := &source{}
	counted := s.metrics.Source("shop", from)
	for _, err := range []error{nil, git.ErrAuth} {
		from.err = err
		_, _ = counted.Fetch(s.Context())
	}
	s.ask()
}

func TestTheReadmeListsEveryMetricWithItsLabels(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(lockstep_[a-z_]+)` \\| ([^|]*?) *\\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		listed[row[1]] = strings.ReplaceAll(row[2], "`", "")
	}
	s := newStage(t)
	s.fill()
	families, err := s.metrics.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	actual := map[string]string{}
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "lockstep_") {
			actual[family.GetName()] = labels(family)
		}
	}
	if !reflect.DeepEqual(listed, actual) {
		t.Errorf("the README lists\n%v\nthe program has\n%v", listed, actual)
	}
}

func labels(family *dto.MetricFamily) string {
	found := map[string]bool{}
	for _, metric := range family.GetMetric() {
		for _, pair := range metric.GetLabel() {
			found[pair.GetName()] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), ", ")
}
