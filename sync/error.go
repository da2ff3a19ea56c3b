package sync

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
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

	// Kept objects stay as they are, at the revision At: set where the step came before the first write.
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
	tail := ""
	if e.Kept > 0 {
		tail = fmt.Sprintf("; kept %d objects at %s", e.Kept, short(e.At))
	}
	text += " " + oneLine(e.Err.Error())
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
	var blocked *apply.Blocked
	empty := errors.Is(e.Err, ErrNoManifests) || errors.Is(e.Err, git.ErrPathNotFound)
	if errors.As(e.Err, &blocked) || empty && e.Kept > 0 {
		return Blocked
	}
	return Failed
}

// Reason is why, in one word, for scripts and labels: the health's reason when the gate failed, otherwise the step's.
func (e *Error) Reason() string {
	var failure *health.Failure
	switch {
	case errors.As(e.Err, &failure):
		return string(failure.Report.Reason)
	case e.State() == Blocked:
		return "PruneBlocked"
	case e.Step != StepFetch && isNetwork(e.Err):
		return "ClusterUnreachable"
	default:
		return reasons[e.Step]
	}
}

// isNetwork reports whether err says that a server could not be asked, in contrast to that it refused.
func isNetwork(err error) bool {
	_, ok := errors.AsType[*url.Error](err)
	return ok
}

var reasons = map[Step]string{
	StepFetch: "FetchFailed", StepRead: "ManifestInvalid", StepLoad: "InventoryUnreadable", StepPlan: "PlanRefused",
	StepApply: "ApplyFailed", StepGate: "GateFailed", StepPrune: "PruneFailed", StepSave: "InventoryUnwritable",
}

// oneLine joins lines by semicolons and shows other control characters instead of sending them to a terminal.
func oneLine(text string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(text) {
		switch {
		case r == '\n':
			b.WriteString("; ")
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			fmt.Fprintf(&b, "\\x%02x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
