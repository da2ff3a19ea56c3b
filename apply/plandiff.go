package apply

import (
	"strings"
	"unicode/utf8"
)

// Deferred reports whether c could not be rehearsed, since the plan itself brings its kind or its namespace.
func (c *Change) Deferred() bool { return c.deferred }

// Culprits are the field managers that made the drift that a plan would correct, as far as the live object tells; sorted.
// What an apply has found out is in By.
func (c *Change) Culprits() []string {
	if !c.Drift {
		return nil
	}
	return culprits(c.Before, c.Fields)
}

// Brings returns what the manifest of an object that is to be created says, as [Change.Fields] does, without the name and
// the label that it cannot be without. The defaults of the API server are not among it.
func (c *Change) Brings() []Field {
	var fields []Field
	for _, f := range Diff(nil, c.Desired) {
		switch f.Path {
		case "apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.labels." + OwnerLabel:
		default:
			fields = append(fields, f)
		}
	}
	return fields
}

// KeptSecrets are the paths of those values of a Secret that stay as they are, sorted; nil for an object of another kind.
func (c *Change) KeptSecrets() []string {
	if c.Before == nil || c.Desired == nil || c.Action != Configured || !HoldsSecrets(c) {
		return nil
	}
	changed := map[string]bool{}
	for _, f := range c.Fields {
		changed[f.Path] = true
	}
	var kept []string
	for _, f := range Diff(nil, c.Before) {
		if IsSecret(f.Path) && !changed[f.Path] {
			kept = append(kept, f.Path)
		}
	}
	return kept
}

// HoldsSecrets reports whether c is a Secret.
func HoldsSecrets(c *Change) bool { return c.ID.Group == "" && c.ID.Kind == "Secret" }

// IsSecret reports whether what a Secret has at a path is never to be shown.
func IsSecret(path string) bool {
	return strings.HasPrefix(path, "data.") || strings.HasPrefix(path, "stringData.") ||
		path == "data" || path == "stringData" || path == "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration"
}

// window cuts two long texts around the first difference between them: cut at their ends alone, they could look the same.
func window(x, y string) (string, string) {
	if len(x) <= longest && len(y) <= longest {
		return x, y
	}
	at := 0
	for at < min(len(x), len(y)) && x[at] == y[at] {
		at++
	}
	if at < longest-lead {
		return cut(x), cut(y)
	}
	at -= lead
	for at > 0 && !utf8.RuneStart(x[at]) {
		at--
	}
	return "…" + cut(x[at:]), "…" + cut(y[at:])
}

// lead is how many bytes in front of a difference are shown.
const lead = 20

func cut(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
