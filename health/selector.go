package health

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// matchesNothing is the problem of a Service that selects no pod, and that no object of the check makes a pod for. It is
// beyond hope when all workloads of the check are complete. It is not while one goes on, since its pods may be relabelled
// by hand or a webhook; not where an operator's objects may stand for pods; and not in a check without workloads, whose
// pods must come from elsewhere anyway.
func (v *view) matchesNothing(s serving) *Problem {
	message := fmt.Sprintf("selector %s matches no pod", s.selector)
	near := v.nearest(s)
	if near != "" {
		message += "; nearest: " + near
	}
	return &Problem{
		Reason: SelectorMatchesNothing, Object: s.id, Message: message, Terminal: v.settled(),
		Advice: "Make the Service's selector and the labels of the pod template agree.",
	}
}

// settled tells that no more pods will come of the check's own objects.
func (v *view) settled() bool {
	if len(v.Blind) > 0 || len(v.workloads) == 0 {
		return false
	}
	for _, t := range v.Targets {
		if !builtIn(t.Applied.GroupVersionKind().GroupKind()) {
			return false
		}
	}
	for _, w := range v.workloads {
		if w.Status != Current {
			return false
		}
	}
	return true
}

// candidate is a set of labels that pods really have, and where it is found.
type candidate struct {
	labels labels.Set
	source string
	shared int // pairs of the selector that it has
	typos  int // letters by which it misses the others; a key that it lacks counts for all of them
}

// nearest names the labels that come closest to the selector of s, among the templates of the check and the pods of the
// namespace. Empty when there is none that has anything in common with it.
func (v *view) nearest(s serving) string {
	var found []candidate
	for _, t := range v.Targets {
		o := t.newest()
		if set, makes := templateLabels(o); makes && o.GetNamespace() == s.id.Namespace {
			found = append(found, s.compare(set, object.Of(o).String()))
		}
	}
	return best(append(found, v.podCandidates(s)...))
}

// nearestPod is nearest, among the pods of the namespace.
func (v *view) nearestPod(s serving) string { return best(v.podCandidates(s)) }

func (v *view) podCandidates(s serving) []candidate {
	var found []candidate
	for _, p := range v.Pods {
		if p.Namespace == s.id.Namespace && active(p) {
			found = append(found, s.compare(p.Labels, "pod/"+p.Name))
		}
	}
	return found
}

// compare says how near a set of labels is to the selector.
func (s serving) compare(set labels.Set, source string) candidate {
	c := candidate{labels: revisionless(set), source: source}
	for key, want := range s.selector {
		switch have, ok := set[key]; {
		case ok && have == want:
			c.shared++
		case ok:
			c.typos += distance(have, want)
		default:
			c.typos += len(key) + len(want)
		}
	}
	return c
}

// best names the nearest of those that were found, and is empty where there is none.
func best(found []candidate) string {
	if len(found) == 0 {
		return ""
	}
	first := slices.MinFunc(found, compareCandidates)
	if len(first.labels) == 0 {
		return "no labels at all (" + first.source + ")"
	}
	return fmt.Sprintf("%s (%s)", first.labels, first.source)
}

// compareCandidates puts the nearer first. Templates come before pods of the same labels, since they were added first.
func compareCandidates(a, b candidate) int {
	if a.shared != b.shared {
		return b.shared - a.shared
	}
	return a.typos - b.typos
}

// revisionless leaves out the labels that controllers add to the template's.
func revisionless(set labels.Set) labels.Set {
	kept := labels.Set{}
	for key, value := range set {
		switch key {
		case "pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name",
			"apps.kubernetes.io/pod-index", "controller-uid", "batch.kubernetes.io/controller-uid":
		default:
			kept[key] = value
		}
	}
	return kept
}

// distance is Levenshtein's: the letters to add, drop or change to make a of b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
