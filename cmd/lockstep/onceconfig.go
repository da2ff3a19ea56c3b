package main

import (
	"context"
	"errors"
	"io"
	"path"
	"slices"
	stdsync "sync"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/sync"
)

// once applies every app of the file, waits for the verdict on each, and lists them.
func (s *settings) once(ctx context.Context, f *runFlags, out io.Writer) error {
	roster := <-s.rosters
	apps, failed := s.expected(ctx, roster)
	if len(apps) == 0 {
		return errors.Join(failed, errNoApps)
	}
	sent, err := s.signals.trace(&f.traces)
	if err != nil {
		return err
	}
	defer sent()
	round := newRound(apps)
	s.observe(round)
	running, stop := context.WithCancel(ctx)
	defer stop()
	rosters := make(chan sync.Roster, 1)
	rosters <- roster
	fleet := &sync.Fleet{Build: s.build, Observer: s.views, Log: s.log}
	group, running := errgroup.WithContext(running)
	group.Go(func() error { return fleet.Run(running, rosters) })
	s.draw(running, group)
	select {
	case <-round.over:
	case <-running.Done():
	}
	stop()
	if err := group.Wait(); err != nil {
		return err
	}
	if f.format != formatJSON {
		live.Overview(out, s.store.List(), false)
	}
	if ctx.Err() != nil {
		return errors.New("interrupted: not every app has come to an end")
	}
	if failed != nil {
		return failed
	}
	if code := round.code(); code != exitHealthy {
		return exit(code)
	}
	if len(s.told) > 0 {
		return exit(exitError) // told with their lines
	}
	return nil
}

// expected are the apps of a roster, those of folders included. The error is of a repository that cannot be asked for its
// folders; the apps of others go on.
func (s *settings) expected(ctx context.Context, roster sync.Roster) (apps []sync.App, failed error) {
	apps = slices.Clone(roster.Apps)
	for _, set := range roster.Sets {
		repository := s.sources[set.App.Feed].repository
		snapshot, err := repository.Fetch(ctx)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		folders, err := snapshot.Folders(set.Pattern)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		for folder := range folders {
			app := set.App
			app.Name = set.Prefix + path.Base(folder)
			if len(validation.IsDNS1123Label(app.Name)) == 0 && len(app.Name) <= sync.LongestName { // else the fleet says so
				apps = append(apps, app)
			}
		}
	}
	return apps, failed
}

// round is an observer that waits until every app has come to its first verdict, or never will, because an app that it
// depends on has failed.
type round struct {
	apps map[string]sync.App
	over chan struct{}

	mu       stdsync.Mutex
	verdicts map[string]int // exit codes
	ended    bool
}

func newRound(apps []sync.App) *round {
	r := &round{apps: map[string]sync.App{}, over: make(chan struct{}), verdicts: map[string]int{}}
	for _, app := range apps {
		r.apps[app.Name] = app
	}
	return r
}

// Observe notes an app's first verdict.
func (r *round) Observe(_ context.Context, event sync.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.apps[event.App]
	_, judged := r.verdicts[event.App]
	switch {
	case !known || judged || r.ended:
		return
	case event.Record != nil && event.Record.State == sync.RolledBack:
		r.verdicts[event.App] = exitGateFailed
	case event.Record != nil, event.Joined != nil && event.Joined.Suspend:
		r.verdicts[event.App] = exitHealthy
	case event.Err != nil:
		r.verdicts[event.App] = exitCode(event.Err)
	default:
		return
	}
	if r.done() {
		r.ended = true
		close(r.over)
	}
}

func (r *round) done() bool {
	for name := range r.apps {
		if _, judged := r.verdicts[name]; !judged && !r.hopeless(name, map[string]bool{}) {
			return false
		}
	}
	return true
}

// hopeless reports whether an app waits for one that is not healthy and will not be.
func (r *round) hopeless(name string, seen map[string]bool) bool {
	if seen[name] {
		return true // a circle, of folders
	}
	seen[name] = true
	defer delete(seen, name)
	for _, other := range r.apps[name].DependsOn {
		app, known := r.apps[other]
		code, judged := r.verdicts[other]
		if !known || app.Suspend || judged && code != exitHealthy || !judged && r.hopeless(other, seen) {
			return true
		}
	}
	return false
}

// code is the exit code of all: an error counts more than a gate.
func (r *round) code() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	worst := exitHealthy
	for name := range r.apps {
		switch code, judged := r.verdicts[name]; {
		case judged && code == exitError:
			return exitError
		case judged && code == exitGateFailed:
			worst = exitGateFailed
		}
	}
	return worst
}
