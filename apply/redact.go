package apply

import (
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// withoutSecrets returns err with the values of the Secret that c applies, old and new, made unreadable: an admission
// policy or a webhook may have put them into its refusal. Errors of other kinds are returned as they are.
func withoutSecrets(err error, c *Change) error {
	if !isSecret(c.Desired) {
		return err
	}
	values := append(secretValues(c.Desired), secretValues(c.Before)...)
	var status *apierrors.StatusError
	if !errors.As(err, &status) || len(values) == 0 {
		return err
	}
	slices.SortFunc(values, func(x, y string) int { return len(y) - len(x) }) // one may be part of another
	clean := &apierrors.StatusError{ErrStatus: *status.ErrStatus.DeepCopy()}
	clean.ErrStatus.Message = redact(clean.ErrStatus.Message, values)
	if clean.ErrStatus.Details != nil {
		causes := clean.ErrStatus.Details.Causes
		for i := range causes {
			causes[i].Message = redact(causes[i].Message, values)
		}
	}
	return rewrap(err, clean)
}

// rewrap puts clean in place of what err wraps.
func rewrap(err error, clean *apierrors.StatusError) error {
	if conflict, ok := errors.AsType[*ConflictError](err); ok {
		again := *conflict
		again.err = clean
		return &again
	}
	if immutable, ok := errors.AsType[*ImmutableError](err); ok {
		again := *immutable
		again.err = clean
		return &again
	}
	if terminating, ok := errors.AsType[*TerminatingError](err); ok {
		again := *terminating
		again.err = clean
		return &again
	}
	return clean
}

// secretValues are the values of a Secret, as they are written and as what they stand for.
func secretValues(o *unstructured.Unstructured) []string {
	var values []string
	if o == nil {
		return nil
	}
	data, _, _ := unstructured.NestedStringMap(o.Object, "data")
	for _, value := range data {
		values = append(values, value)
		if plain, err := base64.StdEncoding.DecodeString(value); err == nil {
			values = append(values, string(plain), strings.TrimSpace(string(plain)))
		}
	}
	plain, _, _ := unstructured.NestedStringMap(o.Object, "stringData")
	for _, value := range plain {
		values = append(values, value, strings.TrimSpace(value), base64.StdEncoding.EncodeToString([]byte(value)))
	}
	return slices.DeleteFunc(values, func(value string) bool { return value == "" })
}

// short is the length below which a value is only looked for as a word of its own: it is part of too many others.
const short = 4

// redact replaces values in text by stars. The text's own quotes may have escaped what they quote.
func redact(text string, values []string) string {
	for _, value := range values {
		quoted := strconv.Quote(value)
		if len(value) < short {
			text = regexp.MustCompile(`\b`+regexp.QuoteMeta(value)+`\b`).ReplaceAllString(text, stars)
			continue
		}
		text = strings.NewReplacer(value, stars, quoted[1:len(quoted)-1], stars).Replace(text)
	}
	return text
}
