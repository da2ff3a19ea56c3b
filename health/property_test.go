package health_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/lockstep-dev/lockstep/health"
)

// healthyStates are the states of all cases that come out Current, computed anew for each call of visit.
func healthyStates(t *testing.T, visit func(t *testing.T, s health.State)) {
	t.Helper()
	for _, c := range readCases(t) {
		if c.Want.Status == health.Current {
			t.Run(c.Name, func(t *testing.T) { visit(t, c.state(t)) })
		}
	}
}

func TestNothingIsHealthyWhileAServiceRoutesToNobody(t *testing.T) {
	for _, c := range readCases(t) {
		r := health.Compute(c.state(t))
		for _, s := range r.Services {
			intended := slices.ContainsFunc(r.Warnings, func(w health.Problem) bool {
				return w.Reason == health.ScaledToZero && w.Object == s.ID
			})
			if r.Status == health.Current && s.EndpointsReady == 0 && !intended {
				t.Errorf("%s: Current without an endpoint of %s", c.Name, s.ID)
			}
		}
	}
}

func TestNothingIsHealthyOnACopyOlderThanTheApply(t *testing.T) {
	healthyStates(t, func(t *testing.T, s health.State) {
		for i := range s.Targets {
			if s.Targets[i].Passive || s.Targets[i].Live == nil {
				continue
			}
			older := s
			older.Targets = slices.Clone(s.Targets)
			older.Targets[i].Applied = s.Targets[i].Applied.DeepCopy()
			older.Targets[i].Applied.SetResourceVersion("99999")
			older.Targets[i].Applied.SetGeneration(99)
			if r := health.Compute(older); r.Status != health.InProgress {
				t.Errorf("%s: %s on an older copy of %s", t.Name(), r.Status, s.Targets[i].Applied.GetName())
			}
		}
	})
}

func TestNothingIsHealthyWhenOneEndpointIsMissing(t *testing.T) {
	healthyStates(t, func(t *testing.T, s health.State) {
		judged := health.Compute(s).Services
		for i, slice := range s.Slices {
			for e, endpoint := range slice.Endpoints {
				ends := endpoint.Conditions.Terminating != nil && *endpoint.Conditions.Terminating
				if endpoint.TargetRef == nil || len(judged) == 0 || ends {
					continue // not an endpoint that counts
				}
				fewer := slice.DeepCopy()
				fewer.Endpoints = slices.Delete(fewer.Endpoints, e, e+1)
				less := s
				less.Slices = slices.Concat(s.Slices[:i], []*discoveryv1.EndpointSlice{fewer}, s.Slices[i+1:])
				if r := health.Compute(less); r.Status == health.Current {
					t.Errorf("Current without the endpoint of %s", endpoint.TargetRef.Name)
				}
			}
		}
	})
}

func TestNothingIsHealthyWhenOnePodOfItIsNotReady(t *testing.T) {
	healthyStates(t, func(t *testing.T, s health.State) {
		for _, w := range health.Compute(s).Workloads {
			for _, row := range w.Pods {
				if !row.Ready {
					continue
				}
				worse := s
				worse.Pods = nil
				for _, p := range s.Pods {
					p = p.DeepCopy()
					if p.Name == row.Name {
						p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}}
					}
					worse.Pods = append(worse.Pods, p)
				}
				if r := health.Compute(worse); r.Status == health.Current {
					t.Errorf("Current while %s is not ready", row.Name)
				}
			}
		}
	})
}

func TestAReportDoesNotDependOnTheOrderOfWhatIsKnown(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range readCases(t) {
		s := c.state(t)
		want := health.Compute(s)
		for range 5 {
			shuffle(random, s.Targets)
			shuffle(random, s.Pods)
			shuffle(random, s.ReplicaSets)
			shuffle(random, s.Revisions)
			shuffle(random, s.Slices)
			shuffle(random, s.Services)
			shuffle(random, s.Events)
			shuffle(random, s.Claims)
			shuffle(random, s.Nodes.Rooms)
			if got := health.Compute(s); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: in another order the report is %+v, want %+v", c.Name, got, want)
			}
		}
	}
}

func shuffle[T any](random *rand.Rand, list []T) {
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestAReportSurvivesJSON(t *testing.T) {
	for _, c := range readCases(t) {
		want := health.Compute(c.state(t))
		text, err := json.Marshal(want)
		must(t, err)
		var got *health.Report
		must(t, json.Unmarshal(text, &got))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s", c.Name, text)
		}
	}
}

// FuzzCompute feeds it statuses that no API server would write.
func FuzzCompute(f *testing.F) {
	for _, c := range readCases(f) {
		for _, target := range c.state(f).Targets {
			if text, err := json.Marshal(target.Applied.Object["status"]); err == nil {
				f.Add(target.Applied.GetKind(), text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind string, text []byte) {
		var status any
		if json.Unmarshal(text, &status) != nil {
			return
		}
		s := testCase{Base: "web"}.state(t)
		for i := range s.Targets {
			if s.Targets[i].Applied.GetKind() == kind {
				s.Targets[i].Live.Object["status"] = status
			}
		}
		if r := health.Compute(s); r.Status == "" {
			t.Errorf("no status: %+v", r)
		}
	})
}

// FuzzSymptoms feeds it pods whose status no kubelet would write, and Events about them.
func FuzzSymptoms(f *testing.F) {
	for _, c := range readCases(f) {
		s := c.state(f)
		for _, p := range s.Pods {
			text, err := json.Marshal(p.Status)
			must(f, err)
			f.Add(text, "", "", int32(0))
			for _, e := range s.Events {
				f.Add(text, e.Reason, e.Message, e.Count)
			}
		}
	}
	base := testCase{Base: "unschedulable", Nodes: map[string]string{"node-1": "1 of 8"}}.state(f)
	f.Fuzz(func(t *testing.T, text []byte, reason, message string, count int32) {
		s := base
		s.Pods, s.Events = nil, nil
		for _, p := range base.Pods {
			p = p.DeepCopy()
			s.Pods = append(s.Pods, p)
			p.Status = corev1.PodStatus{}
			if json.Unmarshal(text, &p.Status) != nil {
				return
			}
			e := &corev1.Event{Reason: reason, Message: message, Count: count}
			e.InvolvedObject.UID = p.UID
			s.Events = append(s.Events, e)
		}
		r := health.Compute(s)
		for _, p := range r.Problems {
			if p.Advice == "" || len(p.Message) > 4096 {
				t.Errorf("problem is %+v", p)
			}
		}
		if again := health.Compute(s); !reflect.DeepEqual(r, again) {
			t.Errorf("report is %+v, and once more %+v", r, again)
		}
	})
}
