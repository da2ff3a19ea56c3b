package sync

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
)

// longestError is how many bytes of an error's text reach a terminal, a log or a status: one screen of it, whatever a
// manifest or a server has put in.
const longestError = 1024

// ErrSuperseded ends a gate's wait when the source has moved on.
var ErrSuperseded = errors.New("superseded by a newer commit")

// Error is why a pass ended early.
type Error struct {
	Step     Step
	App      string
	Revision git.Revision // zero when the fetch failed
	Err      error

	// Kept objects stay as they are, at the revision At: set where the step came before the first write, and where the
	// repository cannot be read, so that they are kept in step with that revision.
	Kept int
	At   git.Revision
}

// Error reads "web @3f2a1c9 web-deployment.yaml:7: <cause>; kept 2 objects at 1b2c3d4", at most 1 KiB of it, on one
// line.
func (e *Error) Error() string {
	text := e.App
	if !e.Revision.IsZero() {
		text += " @" + short(e.Revision)
	}
	return e.kept(text + " " + oneLine(e.Err.Error()))
}

// Message is the error without what is said beside it wherever an app's state is told: the app, the revision and the reason.
func (e *Error) Message() string {
	text := strings.TrimPrefix(oneLine(e.Err.Error()), "not healthy: ")
	return e.kept(strings.TrimPrefix(text, e.Reason()+": "))
}

// kept cuts text, and says behind it what was left as it is.
func (e *Error) kept(text string) string {
	tail := ""
	if e.Kept > 0 {
		objects := "objects"
		if e.Kept == 1 {
			objects = "object"
		}
		tail = fmt.Sprintf("; kept %d %s at %s", e.Kept, objects, short(e.At))
	}
	if room := longestError - len(tail); len(text) > room {
		text = strings.ToValidUTF8(text[:room-len("…")], "") + "…"
	}
	return text + tail
}

func (e *Error) Unwrap() error { return e.Err }

// short is the part of a hash that people read.
func short(r git.Revision) string { return r.Hash[:min(7, len(r.Hash))] }

// State is the state that the error leaves its app in.
func (e *Error) State() State {
	if isRolledBack(e.Err) {
		return RolledBack
	}
	var blocked *apply.Blocked
	empty := errors.Is(e.Err, ErrNoManifests) || errors.Is(e.Err, git.ErrPathNotFound)
	if errors.As(e.Err, &blocked) || errors.Is(e.Err, ErrNameTaken) || errors.Is(e.Err, ErrCycle) || empty && e.Kept > 0 {
		return Blocked
	}
	return Failed
}

// oneLine joins lines by semicolons and shows other control characters instead of sending them to a terminal.
func oneLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	var b strings.Builder
	for _, r := range strings.Join(slices.DeleteFunc(lines, func(line string) bool { return line == "" }), "; ") {
		switch {
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			fmt.Fprintf(&b, "\\x%02x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
