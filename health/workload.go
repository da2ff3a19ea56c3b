package health

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// workload judges one workload: what it says of itself, and whether the pods that are there agree.
func (v *view) workload(t Target) (Workload, []Problem) {
	o := t.newest()
	m := v.members(o)
	w := Workload{ID: object.Of(t.Applied), Kind: o.GetKind(), Name: o.GetName(), Desired: desired(o)}
	w.Pods, w.PodsLeftOut = v.rows(m)
	n := count(o, m, w.Desired)
	w.Updated, w.Ready = n.updated, n.ready
	said := judge(t)
	w.Status, w.Message = said.status, oneLine(said.message)
	switch {
	case w.Kind == gkJob.Kind:
		w.succeed(t, said, n)
	case !said.behind:
		w.agree(n, m)
		w.Message += w.ripening(o)
		if w.Status == Current && v.unproven(m) {
			w.Status, w.Message = InProgress, w.Message+"; without a readinessProbe they count once one has stayed so for "+v.Proof.String()
		}
	}
	if w.Status == Current {
		return w, nil
	}
	var problems []Problem
	if !said.behind || said.status == Failed {
		problems = v.causes(o, m, w)
	}
	if flag(o, "spec", "paused") {
		w.Message = "paused by its spec, " + w.Message
		if len(problems) == 0 && !said.behind {
			problems = []Problem{{Reason: Paused, Object: w.ID, Message: w.Message, Advice: advices[Paused]}}
		}
	}
	switch {
	case len(problems) > 0:
		w.Reason, w.Message = problems[0].Reason, problems[0].Message
	default:
		w.Reason = RolloutInProgress
		if !said.behind {
			phrase, _ := initializing(m.current)
			w.Message += phrase
		}
		if w.Kind == gkJob.Kind {
			phrase, _ := lastTry(m)
			w.Message += phrase
		}
	}
	return w, problems
}

// desired is how many pods o asks for; of a Job, how many completions.
func desired(o *unstructured.Unstructured) int {
	switch o.GroupVersionKind().GroupKind() {
	case gkDaemonSet:
		return integer(o, 0, "status", "desiredNumberScheduled")
	case gkJob:
		return integer(o, integer(o, 1, "spec", "parallelism"), "spec", "completions")
	}
	return integer(o, 1, "spec", "replicas")
}

// numbers counts the active pods of a workload.
type numbers struct {
	active         int // of all revisions
	updated, ready int // of the current revision; ready counts the others too where the strategy keeps them
	mustRoll       int // how many have to be of the current revision
}

func count(o *unstructured.Unstructured, m members, desired int) numbers {
	n := numbers{mustRoll: rolls(o, desired)}
	for _, p := range m.current {
		if active(p) {
			n.active++
			n.updated++
		}
		if ready(p) {
			n.ready++
		}
	}
	for _, p := range m.old {
		if active(p) {
			n.active++
		}
		if ready(p) && n.mustRoll < desired {
			n.ready++
		}
	}
	return n
}

// agree takes back a Current that the pods do not bear out, and says how far a rollout is.
func (w *Workload) agree(n numbers, m members) {
	complete := n.active == w.Desired && n.ready == w.Desired && n.updated >= n.mustRoll
	switch {
	case w.Status == Current && m.unseen != "" && w.Desired > 0:
		w.Status, w.Message = InProgress, "waiting for the watch to show "+m.unseen
	case w.Status == Current && complete:
		w.Message = fmt.Sprintf("%d of %s ready", w.Ready, plural(w.Desired, "pod"))
	case w.Status == Current:
		w.Status, w.Message = InProgress, w.progress(n)
	case w.Status == InProgress && (n.active > 0 || strings.HasPrefix(w.Message, "Replicas: ")): // kstatus counts what the pods tell better
		w.Message = w.progress(n)
	}
}

// ripening says how many of the ready pods have been so for long enough, where that is all there is to wait for.
func (w *Workload) ripening(o *unstructured.Unstructured) string {
	seconds, n := integer(o, 0, "spec", "minReadySeconds"), available(o)
	if w.Status != InProgress || seconds == 0 || w.Ready < w.Desired || n >= w.Desired {
		return ""
	}
	have := "have"
	if n == 1 {
		have = "has"
	}
	return fmt.Sprintf("; %d %s been so for the %d s that its minReadySeconds asks for", n, have, seconds)
}

// progress is how far the rollout is, in one phrase.
func (w *Workload) progress(n numbers) string {
	words := fmt.Sprintf("%d of %s ready", w.Ready, plural(w.Desired, "pod"))
	if n.updated < n.mustRoll {
		words += fmt.Sprintf(", %d of %d updated", n.updated, n.mustRoll)
	}
	if extra := n.active - w.Desired; extra > 0 {
		words += ", " + plural(extra, "pod") + " too many"
	}
	return words
}

// rows describes the pods of m, sorted by name, and counts those that it leaves out.
func (v *view) rows(m members) (rows []Pod, leftOut int) {
	current, old := latest(m.current), latest(m.old)
	rows = make([]Pod, 0, len(current)+len(old))
	for _, p := range current {
		rows = append(rows, v.describe(p, true))
	}
	for _, p := range old {
		rows = append(rows, v.describe(p, false))
	}
	slices.SortFunc(rows, func(a, b Pod) int { return compareNames(a.Name, b.Name) })
	return rows, len(m.current) + len(m.old) - len(rows)
}

// causes are the problems of a workload that is not complete: what its conditions say, and what its pods show.
func (v *view) causes(o *unstructured.Unstructured, m members, w Workload) []Problem {
	problems := append(v.refused(o, m, w), v.ailing(v.suspects(o, m), o, w)...)
	problems = append(problems, v.nodeRefused(w.ID, v.suspects(o, m))...)
	problems = append(append(problems, v.stuck(o, m, w)...), v.undead(o, m, w)...)
	if w.Status != Failed {
		slices.SortStableFunc(problems, compareProblems)
		return problems
	}
	if len(problems) == 0 {
		problems = append(problems, overdue(ended(failure(o, w), m), m))
	}
	for i := range problems {
		problems[i].Terminal = true
	}
	slices.SortStableFunc(problems, compareProblems)
	return problems
}

// ailing gathers what the pods show: one problem a reason, in the words of the first pod that shows it, or of the first
// that is beyond hope.
func (v *view) ailing(suspects []*corev1.Pod, o *unstructured.Unstructured, w Workload) []Problem {
	var problems []Problem
	for _, p := range suspects {
		found := v.symptom(p)
		if found == nil || found.doubt || !active(p) || ready(p) && !v.relapsing(p) {
			continue
		}
		i := slices.IndexFunc(problems, func(known Problem) bool { return known.Reason == found.reason })
		if i < 0 {
			i = len(problems)
			problems = append(problems, Problem{
				Reason: found.reason, Object: w.ID, Message: found.message, Advice: found.advise(o), Log: found.log,
			})
		}
		problems[i].Pods = append(problems[i].Pods, p.Name)
		if found.certain && v.claim(w.ID, found.reason) {
			problems[i].Message, problems[i].Advice, problems[i].Log = found.message, found.advise(o), found.log
		}
	}
	return problems
}
