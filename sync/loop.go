package sync

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/health"
)

// Loop reconciles one app for ever: at once when it is woken, at its interval when it is not, after a growing pause
// when a pass failed. Between passes it follows the app's health.
type Loop struct {
	Reconciler *Reconciler
	Interval   time.Duration
	Wake       Wake        // also the reconciler's Newer, so that a poke in a gate's wait is not lost
	Log        *zap.Logger // for what is no event

	retries backoff
}

// Run returns nil when ctx has ended and the pass under way with it. What goes wrong in a pass is told to the observer.
func (l *Loop) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		outcome, failure := l.Reconciler.Reconcile(ctx)
		if !errors.Is(failure, ErrSuperseded) {
			l.rest(ctx, outcome, failure)
		}
	}
	return nil
}

// pause is how long to rest after a pass that ended with err, if nothing wakes the loop before. A commit that failed at
// the gate is no reason to hurry: the watch over its health wakes the loop when it heals.
func (l *Loop) pause(err error) time.Duration {
	var failed *Error
	switch {
	case err == nil, errors.As(err, &failed) && failed.Step == StepGate:
		l.retries.reset()
		return jittered(l.Interval)
	case failed != nil && failed.Step == StepFetch:
		return l.retries.next(firstFetchRetry, lastRetry)
	case isNetwork(err):
		return l.retries.next(firstRetry, lastClusterRetry)
	default:
		return l.retries.next(firstRetry, lastRetry)
	}
}

// rest follows the app's health until there is something to do.
func (l *Loop) rest(ctx context.Context, outcome Outcome, failure error) {
	ctx, stop := context.WithTimeout(ctx, l.pause(failure))
	following := make(chan struct{})
	go func() {
		defer close(following)
		l.follow(ctx, outcome, failure)
	}()
	select {
	case <-ctx.Done():
	case <-l.Wake:
	}
	stop()
	<-following
}

// follow reports changes of the app's health, and wakes the loop when the app heals.
func (l *Loop) follow(ctx context.Context, outcome Outcome, failure error) {
	objects := outcome.Objects()
	if len(objects) == 0 {
		return
	}
	pass := &pass{Reconciler: l.Reconciler, outcome: outcome}
	err := l.Reconciler.Gate.Follow(ctx, health.Check{Objects: objects, Progress: func(report *health.Report) {
		pass.tell(ctx, Event{Step: StepGate, Report: report})
		if heals(failure, report) {
			l.Wake.Poke()
		}
	}})
	if err != nil && ctx.Err() == nil {
		l.Log.Warn("health is not followed", zap.String("app", l.Reconciler.App.Name), zap.Error(err))
	}
}

// heals reports whether an app whose gate gave up has become healthy since: it has yet to be pruned and put on record.
// After any other failure a healthy report says nothing new, and a pass would only fail again.
func heals(failure error, report *health.Report) bool {
	failed, ok := errors.AsType[*Error](failure)
	return ok && failed.Step == StepGate && report.Status == health.Current
}
