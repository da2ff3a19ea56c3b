package main

import (
	"cmp"
	"context"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

// logObserver writes one log entry an event that matters: a commit, what it changed, how it ended, and every change of
// reason in between. What is as it was is not said again.
type logObserver struct {
	log    *zap.Logger
	reason health.Reason // of the last report
	failed string        // the last error
}

// Observe logs event.
func (o *logObserver) Observe(_ context.Context, event sync.Event) {
	log := o.log.With(zap.String("app", event.App), zap.Stringer("revision", event.Revision), zap.String("step", string(event.Step)))
	switch {
	case event.Snapshot != nil:
		log.Info("new revision", zap.String("author", event.Snapshot.Author), zap.String("message", event.Snapshot.Message))
	case event.Change != nil && event.Change.Action != apply.Unchanged:
		log.Info(event.Change.String())
	case event.Report != nil:
		o.report(log, event.Report)
	case event.Record != nil:
		o.failed, o.reason = "", ""
		if event.Record.Moved {
			log.Info("healthy")
		}
	case event.Err != nil && event.Err.Error() != o.failed:
		o.failed = event.Err.Error()
		log.Error(o.failed, zap.String("reason", event.Err.Reason()))
	}
}

func (o *logObserver) report(log *zap.Logger, r *health.Report) {
	if r.Reason == o.reason {
		return
	}
	o.reason = r.Reason
	log.Info(cmp.Or(r.Message, "ready"), zap.String("status", string(r.Status)), zap.String("reason", string(r.Reason)))
}
