package sync

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/health"
)

// resync is how often an app is looked at that nothing has woken, all of whose objects are watched: the look costs no
// call, and is for what nobody has thought of.
const resync = 10 * time.Minute

// Loop reconciles one app for ever: at once when it is woken or when the cluster drifts, after a growing pause when a pass
// failed. Between passes it follows the app's health.
type Loop struct {
	Reconciler *Reconciler
	Interval   time.Duration // between two looks at objects that cannot be watched
	Wake       Wake          // also the reconciler's Newer, so that a poke in a gate's wait is not lost
	Log        *zap.Logger   // for what is no event
	// Ready, if not nil, returns once the apps that this one depends on are healthy, or ctx has ended.
	Ready func(ctx context.Context)

	drift   Wake
	retries backoff
}

// Run returns nil when ctx has ended and the pass under way with it. What goes wrong in a pass is told to the observer.
func (l *Loop) Run(ctx context.Context) error {
	l.drift = NewWake()
	l.Reconciler.Drift = l.drift
	defer l.Reconciler.Applier.Follow(l.Reconciler.App.Name, l.drift.Poke)()
	leave := func() {}
	for ctx.Err() == nil {
		if l.Ready != nil {
			l.Ready(ctx)
		}
		if ctx.Err() != nil {
			break
		}
		l.Reconciler.begins = leave
		outcome, failure := l.reconcile(ctx)
		if !errors.Is(failure, ErrSuperseded) {
			leave()
			leave = l.rest(ctx, outcome, failure)
		}
	}
	leave()
	return nil
}

// reconcile makes one pass. One that panics has failed, and takes nothing else with it.
func (l *Loop) reconcile(ctx context.Context) (outcome *Outcome, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			l.Log.Error("panic", zap.String("app", l.Reconciler.App.Name), zap.Any("cause", cause), zap.ByteString("stack", debug.Stack()))
			pass := l.Reconciler.begin()
			pass.record = nil
			err = pass.failed(ctx, StepPlan, &PanicError{cause})
			outcome = pass.ended()
		}
	}()
	pass, err := l.Reconciler.reconcile(ctx)
	return pass.ended(), err
}

// ended is the outcome of the pass without its plan, which is large, and has been told.
func (p *pass) ended() *Outcome {
	outcome := p.outcome
	outcome.Plan = nil
	return &outcome
}

// PanicError is a pass that ended in a panic.
type PanicError struct{ cause any }

func (e *PanicError) Error() string {
	return fmt.Sprintf("panic: %v: please report it with the log's entry of it", e.cause)
}

// pause is how long to rest after a pass that ended with err, if nothing wakes the loop before. A commit that failed at
// the gate is no reason to hurry: the watch over its health wakes the loop when it heals.
func (l *Loop) pause(ctx context.Context, err error) time.Duration {
	var failed *Error
	switch {
	case err == nil, errors.As(err, &failed) && failed.Step == StepGate:
		l.retries.reset()
		return l.idle(ctx)
	case failed != nil && failed.Step == StepFetch:
		return l.retries.next(firstFetchRetry, lastRetry)
	case isNetwork(err):
		return l.retries.next(firstRetry, lastClusterRetry)
	default:
		return l.retries.next(firstRetry, lastRetry)
	}
}

// idle is how long an app rests that nothing is wrong with.
func (l *Loop) idle(ctx context.Context) time.Duration {
	pause := jittered(resync)
	if l.Reconciler.blind(ctx) {
		pause = jittered(l.Interval)
	}
	if truce := l.Reconciler.truce(); !truce.IsZero() {
		pause = min(pause, time.Until(truce)+glance)
	}
	return pause
}

// rest follows the app's health until there is something to do, and returns how to leave off: the watch goes on until the
// next pass begins, which may have to wait for other apps, or for its turn.
func (l *Loop) rest(ctx context.Context, outcome *Outcome, failure error) (leave func()) {
	if l.Reconciler.overtaken(ctx, outcome, failure) {
		return func() {}
	}
	watching, stop := context.WithCancel(ctx)
	following := make(chan struct{})
	go func() {
		defer close(following)
		l.follow(watching, outcome, failure)
	}()
	paused, end := context.WithTimeout(ctx, l.pause(ctx, failure))
	defer end()
	l.await(paused)
	return func() {
		stop()
		<-following
	}
}

// await returns when the loop is woken, the cluster has drifted, or ctx has ended.
func (l *Loop) await(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.Wake:
			return
		case <-l.drift:
			if l.Reconciler.HasDrifted(ctx) {
				return
			}
		}
	}
}

// follow reports changes of the app's health, and wakes the loop when the app heals.
func (l *Loop) follow(ctx context.Context, outcome *Outcome, failure error) {
	if len(outcome.targets) == 0 {
		return
	}
	err := l.Reconciler.Gate.Follow(ctx, *l.following(ctx, outcome, failure))
	if err != nil && ctx.Err() == nil {
		l.Log.Warn("health is not followed", zap.String("app", l.Reconciler.App.Name), zap.Error(err))
	}
}

// following is the check that follow has made. A thousand apps are followed at once, so that it is made apart from the wait.
func (l *Loop) following(ctx context.Context, outcome *Outcome, failure error) *health.Check {
	pass := &pass{Reconciler: l.Reconciler, outcome: *outcome}
	check := &health.Check{Objects: outcome.targets, Progress: func(report *health.Report) {
		pass.tell(ctx, Event{Step: StepGate, Report: outcome.places.report(report)})
		if heals(failure, report) || l.Reconciler.relapses(report) {
			l.Wake.Poke()
		}
	}}
	if rules, err := l.Reconciler.compiled(); err == nil { // else no gate has begun, and there is nothing to follow
		check.Rules = rules
	}
	if failedAtGate(failure) { // it has not healed before its probes are answered; of one that was healthy they were
		check.Probes = l.Reconciler.App.probes()
	}
	return check
}

// heals reports whether an app whose gate gave up has become healthy since: it has yet to be pruned and put on record.
// After any other failure a healthy report says nothing new, and a pass would only fail again.
func heals(failure error, report *health.Report) bool {
	return failedAtGate(failure) && !isRolledBack(failure) && report.Status == health.Current
}

func failedAtGate(failure error) bool {
	failed, ok := errors.AsType[*Error](failure)
	return ok && failed.Step == StepGate
}
