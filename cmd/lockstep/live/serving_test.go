package live

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/health"
)

// renewed is the health of three replicas of which the first old pods are of the revision before, and ready beside them
// of the new one.
func renewed(old, ready int) *health.Report {
	r := rollout(3, 3, 3)
	w := &r.Workloads[0]
	w.Pods = nil
	for i := range old {
		p := pod(i, true)
		p.Updated = false
		w.Pods = append(w.Pods, p)
	}
	for i := range ready {
		w.Pods = append(w.Pods, pod(i+10, true))
	}
	return r
}

// changedOver is a commit that replaces three pods one by one.
func changedOver() *script {
	s := scaled().after(time.Minute).commit("4", "Take the next image", 40*time.Millisecond).
		apply(configured(deployment, "spec.template.spec.containers[web].image", "nginx:1.27", "nginx:1.28"), unchanged(service))
	for i := range 4 {
		s.after(time.Second).report(renewed(3-i, i))
	}
	return s.record()
}

func TestAChangeoverSaysHowFewEndpointsThereWereAndHowManyPodsItReplaced(t *testing.T) {
	said := news(t, changedOver(), scaled())
	want := "Healthy: serving from 3 pods, 4.1 s after the commit; endpoints never fewer than 3; 3 pods replaced in 4.0 s"
	if last := said[len(said)-1]; last != want {
		t.Errorf("got  %q\nwant %q", last, want)
	}
}

func TestTheDetailHasTheChangeoverAndTheIncidents(t *testing.T) {
	s := changedOver().after(time.Hour).report(rollout(3, 2, 2)).after(2100 * time.Millisecond).report(rollout(3, 3, 3)).
		after(time.Minute).report(rollout(3, 1, 1))
	var b strings.Builder
	detail(&b, canvas{}, s.folded(), s.now.Add(3*time.Second))
	for _, want := range []string{
		"15:04:20  web-service was below 3 endpoints for 2.1 s, 2 at the lowest: RolloutInProgress\n",
		"15:05:22  web-service is below 3 endpoints for 3.0 s, 1 at the lowest: RolloutInProgress\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	b.Reset()
	detail(&b, canvas{}, changedOver().folded(), s.now)
	if want := "serving from 3 pods; endpoints never fewer than 3; 3 pods replaced in 4.0 s\n"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
}
