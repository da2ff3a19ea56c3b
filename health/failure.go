package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Failure is the error of a [Gate.Wait] that ended without health: a terminal problem, or the deadline.
type Failure struct {
	Report *Report // its Status is Failed
}

// Error is the reason and the message of the report.
func (f *Failure) Error() string {
	return fmt.Sprintf("not healthy: %s: %s", f.Report.Reason, f.Report.Message)
}

// expired is the report of a gate whose time is up. What kept the objects from being Current becomes what failed them;
// DeadlineExceeded is said only where nothing more is known.
func (r *Report) expired(after time.Duration) *Report {
	late := *r
	late.Status = Failed
	if r.Reason == RolloutInProgress || r.Reason == "" {
		p := Problem{Reason: DeadlineExceeded, Object: r.blamed(), Message: r.Message, Advice: advice(DeadlineExceeded, nil, "")}
		late.Problems = append(slices.Clone(r.Problems), p)
		late.Reason = DeadlineExceeded
	}
	late.Message = fmt.Sprintf("%s, after %s", strings.TrimSuffix(late.Message, "."), after)
	return &late
}

// blamed is the first workload or service that is not Current; the zero ID when it is neither that is waited for.
func (r *Report) blamed() object.ID {
	for _, w := range r.Workloads {
		if w.Status != Current {
			return w.ID
		}
	}
	for _, s := range r.Services {
		if s.Status != Current {
			return s.ID
		}
	}
	return object.ID{}
}
