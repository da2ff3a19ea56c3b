package sync

import (
	"time"

	"github.com/lockstep-dev/lockstep/health"
)

// trialTime is how long after the verdict a crash still counts against the commit: as long as a run before a crash may be to
// count as a loop. A container that no readiness probe asks is ready as soon as it runs, and a node that is busy may tell of its
// end after the time in which it had to prove itself.
const trialTime = 30 * time.Second

// trial is a commit that was found healthy a moment ago.
type trial struct {
	content string // of its manifests
	until   time.Time
	failed  bool // its containers crash after all
}

// onTrial has the commit that this pass has found healthy on trial.
func (p *pass) onTrial() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trial = trial{content: p.content, until: time.Now().Add(trialTime)}
}

// relapses notes a report by which the commit on trial crashes. Its gate is then to be asked again.
func (r *Reconciler) relapses(report *health.Report) bool {
	crashes := report.Status != health.Current && (report.Reason == health.CrashLoop || report.Reason == health.OOMKilled)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !crashes || r.trial.failed || time.Now().After(r.trial.until) {
		return false
	}
	r.trial.failed = true
	return true
}

func (r *Reconciler) hasRelapsed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.trial.failed
}

// reopen takes a commit that has relapsed from what was healthy: it is no state to go back to, and has yet to pass its gate.
func (p *pass) reopen() {
	p.mu.Lock()
	was := p.trial
	p.trial = trial{}
	p.mu.Unlock()
	if healthy := p.record.Healthy; was.failed && len(healthy) > 0 && healthy[0].Content == was.content {
		p.record.Healthy = healthy[1:]
	}
}
