package apply

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ImmutableError says that the manifest changes fields of the live object that Kubernetes lets nobody change. Nothing
// was written.
type ImmutableError struct {
	Paths  []string // as the API server names them: spec.selector
	Fields []Field  // what the manifest would change there; of a Secret's data it shows no values
	// Refused is why the object is not recreated whoever asks for it; empty if asking helps.
	Refused string

	asked bool    // the object asks to be recreated
	all   []Field // that the manifest would change, mutable ones included
	err   error
}

// Error reads "spec.selector is immutable (selector.matchLabels.app web → other): ...", and ends with what to do.
func (e *ImmutableError) Error() string {
	advice := "undo the change, or annotate the object with " + ForceAnnotation + ": " + recreate +
		" to have it deleted and created anew"
	if e.Refused != "" {
		advice = e.Refused + ": undo the change, or give the object another name"
	}
	return e.what() + ": " + advice
}

func (e *ImmutableError) what() string {
	is := " is immutable"
	if len(e.Paths) > 1 {
		is = " are immutable"
	}
	text := few(e.Paths, 5, ", ", func(path string) string { return path }) + is
	if len(e.Fields) > 0 {
		text += " (" + few(e.Fields, 3, ", ", Field.String) + ")"
	}
	return text
}

func (e *ImmutableError) Unwrap() error { return e.err }

// unchangeable finds, in what the API server says about one field, that it refuses the change and not the value. There is
// no code for it: "field is immutable" is the text of the shared validation, the others are those of single kinds.
var unchangeable = regexp.MustCompile(`^(?i:[\w.'"\[\]/-]+ (is|are) immutable\b` +
	`|may not change once set` +
	`|may not be changed in an update` +
	`|cannot change roleRef` +
	`|updates to .+ are forbidden` +
	`|pod updates may not (change fields other than|add or remove containers)` +
	`|field can not be less than (previous value|status\.capacity))`)

// except finds the fields that may be changed, where the API server names those instead of the one that may not.
var except = regexp.MustCompile(`(?:fields other than|immutable after creation except) (.*)`)

// immutableCause reports whether the cause of a refusal is that a field cannot be changed.
func immutableCause(cause metav1.StatusCause) bool {
	detail, forbidden := strings.CutPrefix(cause.Message, "Forbidden: ")
	if !forbidden {
		detail = cause.Message[strings.LastIndex(cause.Message, ": ")+1:] // after the value, which may be anything
	}
	return unchangeable.MatchString(strings.TrimSpace(detail))
}

// immutable makes an [ImmutableError] of err if that is all that is wrong, and returns any other as it is: next to a value
// that is wrong, that a field cannot be changed is not the news.
func (a *Applier) immutable(ctx context.Context, c *Change, err error) error {
	var status *apierrors.StatusError
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || status.ErrStatus.Details == nil {
		return err
	}
	causes := status.ErrStatus.Details.Causes
	if len(causes) == 0 || slices.ContainsFunc(causes, func(cause metav1.StatusCause) bool { return !immutableCause(cause) }) {
		return err
	}
	live, unread := a.fetch(ctx, c)
	if unread != nil || live == nil {
		return err // what was refused is still true
	}
	immutable := &ImmutableError{err: err, all: attempts(live, c.Desired)}
	for _, cause := range causes {
		immutable.add(cause)
	}
	immutable.asked, immutable.Refused = asksToRecreate(c, live), mayRecreate(c, live)
	return immutable
}

// add notes a field that cannot be changed, and which of the manifest's changes that concerns.
func (e *ImmutableError) add(cause metav1.StatusCause) {
	var all, concerned []Field
	for _, f := range e.all {
		// clusterIPs[0] stands for a manifest's clusterIP, too
		if !strings.HasPrefix(f.Path, cause.Field) && !strings.HasPrefix(cause.Field, f.Path) {
			continue
		}
		if all = append(all, f); !excepted(f.Path, cause) {
			concerned = append(concerned, f)
		}
	}
	if len(concerned) == 0 {
		concerned = all // some exceptions hold in some states only: a claim that is not bound has none
	}
	paths := []string{cause.Field}
	if except.MatchString(cause.Message) && len(concerned) > 0 {
		paths = nil // the API server blames the whole spec
		for _, f := range concerned {
			paths = append(paths, f.Path)
		}
	}
	e.note(paths, concerned)
}

func (e *ImmutableError) note(paths []string, fields []Field) {
	for _, path := range paths {
		if !slices.Contains(e.Paths, path) {
			e.Paths = append(e.Paths, path)
		}
	}
	for _, f := range fields {
		if !slices.ContainsFunc(e.Fields, func(known Field) bool { return known.Path == f.Path }) {
			e.Fields = append(e.Fields, f)
		}
	}
}

// excepted reports whether the cause says that the field at path may be changed.
func excepted(path string, cause metav1.StatusCause) bool {
	found := except.FindStringSubmatch(cause.Message)
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "spec."), ".")
	name, _, _ = strings.Cut(name, "[")
	return found != nil && slices.Contains(words.FindAllString(found[1], -1), name)
}

var words = regexp.MustCompile(`[A-Za-z]+`)

// attempts are the fields that the manifest sets to another value than the live object has, and, if there are none, those
// that it leaves out.
func attempts(live, desired *unstructured.Unstructured) []Field {
	all := Diff(live, encoded(desired))
	set := slices.DeleteFunc(slices.Clone(all), func(f Field) bool { return f.New == nil })
	if len(set) > 0 {
		return set
	}
	return all
}
