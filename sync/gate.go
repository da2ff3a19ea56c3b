package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
)

const (
	// glance is how long a commit is looked at whose gate has given up before.
	glance = time.Second
	// saveAfter is how long a gate waits until what was applied is put on record. Until then the verdict may come, and one
	// write does for both; who is killed in between applies the commit again, which changes nothing.
	saveAfter = 2 * time.Minute
)

// wait holds the pass until the commit serves. It ends early with [ErrSuperseded] when the source or the cluster has moved
// on. A commit that has failed here before is judged as it stands, without another wait.
func (p *pass) wait(ctx context.Context) error {
	rules, err := p.compiled()
	if err != nil {
		return err
	}
	check, err := p.check(ctx, rules)
	if err != nil {
		return err
	}
	p.turn.give()
	return p.judged(p.awaited(ctx, check))
}

// awaited returns the gate's last report. A thousand passes may be in here at once.
func (p *pass) awaited(ctx context.Context, check *health.Check) (*health.Report, error) {
	waiting, end := context.WithCancelCause(ctx)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		p.watch(waiting, end)
	}()
	report, err := p.Gate.Wait(waiting, *check)
	end(nil)
	<-watching
	return report, err
}

// judged takes down what the gate has come to.
func (p *pass) judged(report *health.Report, err error) error {
	report, err = p.outcome.places.placed(report, err)
	p.outcome.Report = report
	p.noteEnds(report.Ended())
	if failure, ok := errors.AsType[*health.Failure](err); ok {
		p.gaveUp()
		if p.outcome.Back == nil {
			p.remember(Failed, string(failure.Report.Reason))
		}
	}
	return err
}

// gaveUp notes that the commit has had its time.
func (p *pass) gaveUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last.gateOver = true
}

// left is how much of its time the commit has left: a gate that was interrupted goes on where it was.
func (p *pass) left() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.reads.equal(p.before.reads) || p.last.gate.IsZero() && !p.last.gateOver:
		p.last.gate, p.last.gateOver = time.Now(), false
		return p.App.Timeout
	case p.last.gateOver:
		return glance
	}
	return max(glance, p.App.Timeout-time.Since(p.last.gate))
}

// lastWords is how long a daemon that was told to end may take to put a verdict on record.
const lastWords = 5 * time.Second

// saveNow saves the record, also when ctx has just ended: a verdict is not worth less for that.
func (p *pass) saveNow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	return p.save(ctx)
}

func (p *pass) check(ctx context.Context, rules health.Rules) (*health.Check, error) {
	targets, err := targets(p.plan)
	if err != nil {
		return nil, err
	}
	p.outcome.targets, p.outcome.places = targets, placesOf(p.plan)
	p.packed, p.unpacked = pack(p.plan)
	p.plan.Release() // a thousand apps may wait at once
	p.release()
	return &health.Check{
		Objects: targets, Timeout: p.left(), Allowed: p.App.Timeout, Probes: p.App.probes(), Rules: rules,
		Progress: func(report *health.Report) {
			p.tell(ctx, Event{Step: StepGate, Report: p.outcome.places.report(report)})
		},
	}, nil
}

// release lets go of what the pass before has left, and this one has its own of by now.
func (p *pass) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range []*memory{&p.before, &p.last} {
		m.applied, m.watched, m.outcome.targets = nil, nil, nil
	}
}

// watch calls end once the source has other files for the app than this pass's, or the cluster other objects. A fetch
// that fails says nothing about that; the next pass will tell.
func (p *pass) watch(ctx context.Context, end context.CancelCauseFunc) {
	tick, stop := ticks(p.Poll)
	defer stop()
	unsaved := time.NewTimer(saveAfter)
	defer unsaved.Stop()
	for {
		moved := p.movedOn
		select {
		case <-ctx.Done():
			return
		case <-unsaved.C:
			if err := p.saveNow(ctx); err != nil {
				end(&saveError{err})
				return
			}
			continue
		case <-p.Drift:
			moved = p.driftedSince
		case <-p.Newer:
		case <-tick:
		}
		if moved(ctx) {
			end(ErrSuperseded)
			return
		}
	}
}

func ticks(every time.Duration) (tick <-chan time.Time, stop func()) {
	if every <= 0 {
		return nil, func() {}
	}
	ticker := time.NewTicker(every)
	return ticker.C, ticker.Stop
}

// movedOn reports whether the source has other files for the app by now, or somebody asks for something else.
func (p *pass) movedOn(ctx context.Context) bool {
	if p.ordered() {
		return true
	}
	snapshot, err := p.Source.Fetch(ctx)
	if err != nil || snapshot.Revision == p.outcome.Revision || p.reads.same(snapshot) {
		return false
	}
	p.comes(snapshot, time.Now())
	return true
}

// driftedSince reports whether somebody has changed what this pass has applied.
func (p *pass) driftedSince(ctx context.Context) bool {
	p.noteEnds(p.Applier.Ended(ctx, p.watched))
	drifted, _ := p.Applier.Drifted(ctx, p.App.Name, p.watched)
	return drifted
}

// probes are those of the app, each with its namespace.
func (a App) probes() []probe.URL {
	var all []probe.URL
	for _, u := range a.Probes {
		all = append(all, u.In(a.Namespace))
	}
	return all
}

// compiled are the app's rules, made ready the first time that they are asked for.
func (r *Reconciler) compiled() (health.Rules, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rules == nil {
		rules, err := health.Compile(r.App.Rules)
		if err != nil {
			return health.Rules{}, fmt.Errorf("compile health rules: %w", err)
		}
		r.rules = &rules
	}
	return *r.rules, nil
}
