package apply

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// ObjectError is what went wrong with one object. It unwraps to the API server's error, so that apierrors.IsForbidden
// and the like work on it.
type ObjectError struct {
	ID   object.ID
	File string // empty for an object that is to be pruned
	Line int
	Err  error
}

// Error reads "web-deployment.yaml:1: deployment.apps/web-server: <cause>".
func (e *ObjectError) Error() string {
	return e.place() + e.ID.String() + ": " + e.Err.Error()
}

func (e *ObjectError) place() string {
	if e.File == "" {
		return ""
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ": "
}

func (e *ObjectError) Unwrap() error { return e.Err }

// Errors are the errors of several objects, sorted by file, line and object: all that was found, not the first.
type Errors []*ObjectError

// Error lists up to ten errors on one line and counts the rest.
func (e Errors) Error() string { return few(e, 10, "; ", (*ObjectError).Error) }

func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// gather returns the errors of changes, failed[i] being that of changes[i], or nil if there are none.
func gather(changes []*Change, failed []error) error {
	var all Errors
	for i, err := range failed {
		if err != nil {
			c := changes[i]
			all = append(all, &ObjectError{ID: c.ID, File: c.File, Line: c.Line, Err: err})
		}
	}
	return sorted(all)
}

// sorted returns all as one error, in the order of [Errors], or nil if there are none.
func sorted(all Errors) error {
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(x, y *ObjectError) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), object.Compare(x.ID, y.ID))
	})
	return all
}
