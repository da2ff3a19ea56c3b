package apply

import (
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// apiWords are what the API server says with words of its own insides, and the same without them. What an error is about
// stands in front of it anyway.
var apiWords = []struct {
	text  *regexp.Regexp
	plain string
}{
	{regexp.MustCompile(`^failed to create typed patch object \([^)]*\): `), ""},
	{regexp.MustCompile(`^failed to convert new object \([^)]*\) to proper version: unable to convert unstructured object to [^:]*: `), ""},
	{regexp.MustCompile(`^errors:\n\s*`), ""},
	{regexp.MustCompile(`\n\s*`), "; "},
	{regexp.MustCompile(`(?is)\("\s*<(?:!doctype|html).*?<title>(.*?)</title>.*"\)`), `(it is a proxy's page: $1)`},
	{regexp.MustCompile(`(?is)\("\s*<(?:!doctype|html).*"\)`), `(it is a proxy's page)`},
	{regexp.MustCompile(`expected string, got &value\.valueUnstructured\{Value:(true|false|-?[0-9][0-9.e+-]*)\}`), "expected string, got $1; quote it"},
	{regexp.MustCompile(`&value\.valueUnstructured\{Value:map\[.*?\]\}`), "map"},
	{regexp.MustCompile(`&value\.valueUnstructured\{Value:\[.*?\]\}`), "list"},
	{regexp.MustCompile(`&value\.valueUnstructured\{Value:(.*?)\}`), "$1"},
}

// inPlainWords returns err with its message free of those words.
func inPlainWords(err error) error {
	status, ok := err.(*apierrors.StatusError) //nolint:errorlint // what is wrapped has a text of its own
	if !ok {
		return err
	}
	message := status.ErrStatus.Message
	for _, words := range apiWords {
		message = words.text.ReplaceAllString(message, words.plain)
	}
	if message == status.ErrStatus.Message {
		return err
	}
	clean := &apierrors.StatusError{ErrStatus: *status.ErrStatus.DeepCopy()}
	clean.ErrStatus.Message = message
	return clean
}
