package apply

import (
	"errors"
	"fmt"
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
	err      error
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s owned by %s: remove the field from git, or have its owner give it up",
		strings.Join(e.Fields, ", "), strings.Join(e.Managers, ", "))
}

func (e *ConflictError) Unwrap() error { return e.err }

// managerIn finds the manager in the API server's text of a conflict, which is the only place that has it.
var managerIn = regexp.MustCompile(`conflict with "([^"]+)"`)

// conflictError makes a [ConflictError] of err if that is what it is, and returns any other as it is.
func conflictError(err error) error {
	var status *apierrors.StatusError
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.ErrStatus.Details == nil {
		return err
	}
	conflict := &ConflictError{err: err}
	for _, cause := range status.ErrStatus.Details.Causes {
		if found := managerIn.FindStringSubmatch(cause.Message); cause.Type == metav1.CauseTypeFieldManagerConflict && found != nil {
			conflict.Fields = append(conflict.Fields, cause.Field)
			conflict.Managers = append(conflict.Managers, found[1])
		}
	}
	if len(conflict.Fields) == 0 {
		return err
	}
	slices.Sort(conflict.Managers)
	conflict.Managers = slices.Compact(conflict.Managers)
	return conflict
}

// mayForce reports whether err is a conflict that is ours to win: over an object that this app has applied before,
// where somebody changed a field since, or over kubectl, whose user has handed the object to git.
func mayForce(err error, c *Change) bool {
	var conflict *ConflictError
	if !errors.As(conflictError(err), &conflict) {
		return false
	}
	return c.recorded || !slices.ContainsFunc(conflict.Managers, func(manager string) bool { return !isKubectl(manager) })
}

// isKubectl knows kubectl's field managers: "kubectl" for server-side apply, "kubectl-client-side-apply",
// "kubectl-create", "kubectl-edit" and so on for the rest.
func isKubectl(manager string) bool {
	return manager == "kubectl" || strings.HasPrefix(manager, "kubectl-")
}
