package main

import (
	"cmp"
	"context"
	stdsync "sync"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

// logObserver writes one log entry an event that matters: a commit, what it changed, how it ended, and every change of
// reason in between. What is as it was is not said again, and a commit that is about other apps says nothing.
type logObserver struct {
	log *zap.Logger

	mu   stdsync.Mutex
	last map[string]*lastEntry // by app
}

// lastEntry is what was said of an app last.
type lastEntry struct {
	reason health.Reason // of the last report
	failed string        // the last error
	waits  string
}

func newLogObserver(log *zap.Logger) *logObserver {
	return &logObserver{log: log, last: map[string]*lastEntry{}}
}

// Observe logs event.
func (o *logObserver) Observe(_ context.Context, event sync.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	log := o.log.With(zap.String("app", event.App), zap.Stringer("revision", event.Revision), zap.String("step", string(event.Step)))
	last := o.last[event.App]
	if last == nil {
		last = &lastEntry{}
		o.last[event.App] = last
	}
	switch {
	case event.Joined != nil:
		log.Info("app is looked after", zap.Bool("suspended", event.Joined.Suspend))
	case event.Left:
		delete(o.last, event.App)
		log.Info("app is not looked after any more")
	case event.Waits != "" && event.Waits != last.waits:
		last.waits = event.Waits
		log.Info(event.Waits)
	case event.Snapshot != nil:
		log.Info("new revision", zap.String("author", event.Snapshot.Author), zap.String("message", event.Snapshot.Message))
	case event.Change != nil && event.Change.Action != apply.Unchanged:
		log.Info(event.Change.String(), drift(event.Change)...)
	case event.Rejection != nil:
		log.Warn(event.Back.String(), zap.String("reason", event.Rejection.Reason))
	case event.Report != nil:
		last.report(log, event.Report)
	case event.Record != nil:
		last.failed, last.reason, last.waits = "", "", ""
		over(log, event)
	case event.Err != nil && event.Err.Error() != last.failed:
		last.failed, last.waits = event.Err.Error(), ""
		log.Error(last.failed, zap.String("reason", event.Err.Reason()))
	}
}

// over says how a pass ended that was worth an entry.
func over(log *zap.Logger, event sync.Event) {
	switch {
	case !event.Record.Moved:
	case event.Record.State == sync.Suspended:
		log.Info("suspended")
	case event.Back != nil:
		log.Warn(event.Back.String(), zap.String("reason", event.Back.Reason))
	default:
		log.Info("healthy")
	}
}

// drift says of a change that it is one, of which fields, and by whom.
func drift(c *apply.Change) []zap.Field {
	if !c.Drift {
		return nil
	}
	paths := []string{}
	for _, f := range c.Fields {
		paths = append(paths, f.Path)
	}
	return []zap.Field{zap.Bool("drift", true), zap.Strings("fields", paths), zap.Strings("managers", c.By)}
}

func (l *lastEntry) report(log *zap.Logger, r *health.Report) {
	if r.Reason == l.reason {
		return
	}
	l.reason = r.Reason
	log.Info(cmp.Or(r.Message, "ready"), zap.String("status", string(r.Status)), zap.String("reason", string(r.Reason)))
}
