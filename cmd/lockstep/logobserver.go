package main

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	stdsync "sync"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
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
	app        status.App // what all events have come to
	repository string
	reason     health.Reason // of the last report
	failed     string        // the last error
	waits      string
}

// newLogObserver returns one that knows those apps already; others it gets to know when they join.
func newLogObserver(log *zap.Logger, apps ...sync.App) *logObserver {
	o := &logObserver{log: log, last: map[string]*lastEntry{}}
	for _, app := range apps {
		o.last[app.Name] = &lastEntry{app: status.New(app), repository: app.Repository}
	}
	return o
}

// Observe logs event.
func (o *logObserver) Observe(_ context.Context, event sync.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := o.last[event.App]
	if last == nil {
		last = &lastEntry{app: status.New(sync.App{Name: event.App})}
		o.last[event.App] = last
	}
	last.repository = repositoryOf(event, last.repository)
	log := o.log.With(zap.String("app", event.App), zap.String("repository", last.repository),
		zap.Stringer("revision", event.Revision), zap.String("step", string(event.Step)))
	last.fold(log, event)
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
		log.Info("new revision", snapshotFields(event.Snapshot)...)
	case event.Change != nil && event.Change.Action != apply.Unchanged:
		log.Info(event.Change.String(), drift(event.Change)...)
	case event.Rejection != nil:
		log.Warn(event.Back.String(), zap.String("reason", event.Rejection.Reason))
	case event.Report != nil:
		last.report(log, event.Report)
	case event.Record != nil:
		last.failed, last.reason, last.waits = "", "", ""
		last.over(log, event)
	case event.Err != nil && steady(event.Err) != last.failed:
		last.failed, last.waits = steady(event.Err), ""
		log.Error(event.Err.Error(), told(event.Err)...)
	}
}

// ephemeral matches the port of this end of a connection, which is another with each attempt.
var ephemeral = regexp.MustCompile(`:\d+->`)

// steady is an error's text without what differs from one attempt to the next: a thousand apps may say it.
func steady(err error) string { return ephemeral.ReplaceAllString(err.Error(), "->") }

// told is why a pass ended, in one word, and what to do about it where that is known.
func told(err *sync.Error) []zap.Field {
	fields := []zap.Field{zap.String("reason", err.Reason())}
	if advice := err.Advice(); advice != "" {
		fields = append(fields, zap.String("advice", advice))
	}
	return fields
}

// repositoryOf is the repository of the app that event is about, which its first event tells.
func repositoryOf(event sync.Event, known string) string {
	if event.Joined != nil {
		return event.Joined.Repository
	}
	return known
}

// answers says what the probes came to, where there are any.
func answers(r *health.Report) []zap.Field {
	if r == nil || len(r.Probes) == 0 {
		return nil
	}
	said := make([]string, len(r.Probes))
	for i, result := range r.Probes {
		said[i] = result.URL + ": " + result.String()
	}
	return []zap.Field{zap.Strings("probes", said)}
}

// over says how a pass ended that was worth an entry.
func (l *lastEntry) over(log *zap.Logger, event sync.Event) {
	switch {
	case !event.Record.Moved:
	case event.Record.State == sync.Suspended:
		log.Info("suspended")
	case event.Back != nil:
		log.Warn(event.Back.String(), zap.String("reason", event.Back.Reason))
	default:
		log.Info("healthy"+l.account(), answers(event.Record.Report)...)
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
	fields := []zap.Field{zap.String("status", string(r.Status)), zap.String("reason", string(r.Reason))}
	if place := r.Place(); place != "" {
		fields = append(fields, zap.String("at", place))
	}
	log.Info(cmp.Or(r.Message, "ready"), fields...)
}

// fold takes in event, and says how long a Service was below its count that is whole again.
func (l *lastEntry) fold(log *zap.Logger, event sync.Event) {
	before := l.app
	l.app = status.Fold(before, event)
	for _, i := range l.app.Over(before) {
		log.Info(i.String(), zap.String("service", i.Service), zap.Int("lowest", i.Lowest), zap.Int("expected", i.Expected),
			zap.String("reason", string(i.Reason)))
	}
}

// account says of a commit that is healthy what it scaled, and how its pods were changed over.
func (l *lastEntry) account() string {
	if text := strings.Trim(l.app.Scaled()+"; "+l.app.Rollout.String(), "; "); text != "" {
		return ": " + text
	}
	return ""
}

// snapshotFields say whose commit it is, and what is special about it.
func snapshotFields(s *git.Snapshot) []zap.Field {
	fields := []zap.Field{zap.String("author", s.Author), zap.String("message", s.Message)}
	if s.Signer != "" {
		fields = append(fields, zap.String("signedBy", s.Signer))
	}
	if s.Rewritten {
		fields = append(fields, zap.Bool("historyRewritten", true))
	}
	return fields
}
