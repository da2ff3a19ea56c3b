package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lockstep-dev/lockstep/apply"
)

const (
	// fieldsOfCreated and fieldsOfConfigured are how many fields of an object a person is shown; the JSON has all.
	fieldsOfCreated    = 6
	fieldsOfConfigured = 40
	// longestPlanLine is how many bytes of what others wrote a line takes.
	longestPlanLine = 1024
)

// planLine is one line of a diff. Its sign is '+', '-', '~' for what changes in part, '!' for what needs a look, or a space.
type planLine struct {
	sign  byte
	field bool // of the object before it
	text  string
}

// lines say what is to be known of an app: nothing where all of it is as it is to be.
func (a plannedApp) lines() []planLine {
	var all []planLine
	for _, warning := range a.Warnings {
		all = append(all, planLine{sign: '!', text: "warning: " + warning})
	}
	for _, o := range a.Objects {
		all = append(all, o.lines(a.Namespace)...)
	}
	if a.Blocked != nil {
		all = append(all, planLine{sign: '!', text: "blocked: a run would do nothing, since it would delete these:"})
		for _, id := range a.Blocked.Objects {
			all = append(all, planLine{sign: '!', field: true, text: id.String() + elsewhere(id.Namespace, a.Namespace)})
		}
	}
	return all
}

// signs of the actions that are shown.
var signs = map[apply.Action]byte{apply.Created: '+', apply.Configured: '~', apply.Pruned: '-', apply.Skipped: ' '}

func (o plannedObject) lines(namespace string) []planLine {
	sign, shown := signs[o.Action]
	if !shown {
		return nil
	}
	text := o.Object.String() + elsewhere(o.Object.Namespace, namespace)
	if o.File != "" {
		text += "  " + o.File + ":" + strconv.Itoa(o.Line)
	}
	if note := o.note(); note != "" {
		text += "  (" + note + ")"
	}
	lines := []planLine{{sign: sign, text: text}}
	limit := fieldsOfConfigured
	if o.Action == apply.Created {
		limit = fieldsOfCreated
	}
	for _, f := range o.Fields[:min(limit, len(o.Fields))] {
		lines = append(lines, f.lines()...)
	}
	if more := len(o.Fields) - limit; more > 0 {
		lines = append(lines, planLine{sign: ' ', field: true, text: fmt.Sprintf("… and %d more fields", more)})
	}
	return lines
}

// elsewhere names the namespace of an object that is not in the app's.
func elsewhere(namespace, usual string) string {
	if namespace == "" || namespace == usual {
		return ""
	}
	return " in " + namespace
}

// note is what is out of the ordinary.
func (o plannedObject) note() string {
	var notes []string
	if o.Action == apply.Skipped {
		notes = append(notes, "skipped")
	}
	if o.Drift && o.Action == apply.Configured {
		notes = append(notes, "drift"+by(o.By))
	}
	if o.Why != "" {
		notes = append(notes, o.Why)
	}
	return strings.Join(notes, ": ")
}

func by(managers []string) string {
	if len(managers) == 0 {
		return ""
	}
	return " by " + strings.Join(managers, ", ")
}

func (f plannedField) lines() []planLine {
	switch f.Secret {
	case secretAdded:
		return []planLine{{'+', true, f.Path + ": (secret)"}}
	case secretRemoved:
		return []planLine{{'-', true, f.Path + ": (secret)"}}
	case secretDiffers, secretEqual:
		sign := map[string]byte{secretDiffers: '~', secretEqual: ' '}[f.Secret]
		return []planLine{{sign, true, f.Path + ": (" + f.Secret + ")"}}
	}
	var lines []planLine
	if f.Old != nil {
		lines = append(lines, planLine{'-', true, f.Path + ": " + *f.Old})
	}
	if f.New != nil {
		lines = append(lines, planLine{'+', true, f.Path + ": " + *f.New})
	}
	return lines
}

// oneLineOf returns text of others as one line without control characters, and not too long.
func oneLineOf(text string) string {
	var b strings.Builder
	for i := 0; i < len(text) && b.Len() < longestPlanLine; {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case unicode.IsPrint(r) && (r != utf8.RuneError || size > 1):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteToASCII(text[i : i+size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	if b.Len() >= longestPlanLine {
		b.WriteString("…")
	}
	return b.String()
}
