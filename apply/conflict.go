package apply

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ConflictError says that fields of an object belong to other field managers. Nothing was written.
type ConflictError struct {
	Fields   []string // .spec.replicas
	Managers []string // sorted, each once
	Owners   []Owner  // who has which of the fields, sorted by manager
	err      error
}

// Owner is a field manager and what it owns of an object. A manager that writes a subresource, too, is an owner of its
// own there: the autoscaler's fields are those of kube-controller-manager on scale.
type Owner struct {
	Manager     string
	Subresource string // empty for the object itself
	Fields      []string
}

// String reads ".spec.replicas owned by kube-controller-manager (scale)".
func (o Owner) String() string {
	text := few(o.Fields, 5, ", ", func(field string) string { return field }) + " owned by " + o.Manager
	if o.Subresource != "" {
		text += " (" + o.Subresource + ")"
	}
	return text
}

func (e *ConflictError) Error() string {
	return few(e.Owners, 5, "; ", Owner.String) +
		": remove from git what others own, have them give it up, or set conflicts: force for the app"
}

func (e *ConflictError) Unwrap() error { return e.err }

// managerIn finds the manager and its subresource in the API server's text of a conflict, which is the only place that
// has them: conflict with "kube-controller-manager" with subresource "scale" using apps/v1 at 2026-01-02T15:04:05Z.
var managerIn = regexp.MustCompile(`conflict with "([^"]+)"(?: with subresource "([^"]+)")?`)

// conflictError makes a [ConflictError] of err if that is what it is, and returns any other as it is.
func conflictError(err error) error {
	var status *apierrors.StatusError
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.ErrStatus.Details == nil {
		return err
	}
	conflict := &ConflictError{err: err}
	for _, cause := range status.ErrStatus.Details.Causes {
		if found := managerIn.FindStringSubmatch(cause.Message); cause.Type == metav1.CauseTypeFieldManagerConflict && found != nil {
			conflict.add(found[1], found[2], cause.Field)
		}
	}
	if len(conflict.Owners) == 0 {
		return err
	}
	slices.SortFunc(conflict.Owners, func(x, y Owner) int {
		return cmp.Or(strings.Compare(x.Manager, y.Manager), strings.Compare(x.Subresource, y.Subresource))
	})
	for _, owner := range conflict.Owners {
		conflict.Managers = append(conflict.Managers, owner.Manager)
	}
	conflict.Managers = slices.Compact(conflict.Managers)
	return conflict
}

func (e *ConflictError) add(manager, subresource, field string) {
	if !slices.Contains(e.Fields, field) { // several may own it
		e.Fields = append(e.Fields, field)
	}
	at := slices.IndexFunc(e.Owners, func(o Owner) bool { return o.Manager == manager && o.Subresource == subresource })
	if at < 0 {
		at = len(e.Owners)
		e.Owners = append(e.Owners, Owner{Manager: manager, Subresource: subresource})
	}
	e.Owners[at].Fields = append(e.Owners[at].Fields, field)
}

// mayForce reports whether err is a conflict that is ours to win: one that the app's config says to win, or one where
// every field is kubectl's, whose user has handed the object to git, or one that this app has applied before, and that
// somebody has taken since. Where it is not known what was applied before, an object that was is taken for ours whole.
func mayForce(err error, c *Change) bool {
	var conflict *ConflictError
	if !errors.As(conflictError(err), &conflict) {
		return false
	}
	foreign := slices.ContainsFunc(conflict.Owners, func(owner Owner) bool {
		return !isKubectl(owner.Manager) && !c.appliedBefore(owner.Fields)
	})
	return c.force || !foreign
}

// appliedBefore reports whether this app has applied all of those fields before, as far as it is known.
func (c *Change) appliedBefore(fields []string) bool {
	if !c.recorded || c.previous == nil {
		return c.recorded
	}
	isNew := func(field string) bool {
		reclaimed := c.reclaims && field == ".spec.replicas"
		return !reclaimed && !names(c.previous, field)
	}
	return !slices.ContainsFunc(fields, isNew)
}

// wins reports whether c takes its fields whoever owns them: no conflict is of interest then.
func (c *Change) wins() bool { return c.force || c.recorded && c.Drift }

// isKubectl knows kubectl's field managers: "kubectl" for server-side apply, "kubectl-client-side-apply",
// "kubectl-create", "kubectl-edit" and so on for the rest.
func isKubectl(manager string) bool {
	return manager == "kubectl" || strings.HasPrefix(manager, "kubectl-")
}

// forced notes on each change whether the app's config says to take what other managers own.
func (p *Plan) forced(request Request) {
	for _, c := range p.Changes {
		c.force = request.Force
	}
}
