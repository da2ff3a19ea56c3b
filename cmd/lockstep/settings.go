package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/watch"
)

// settings follow a config file: each change of it becomes a roster.
type settings struct {
	*daemon
	file  string
	cache copies
	group *errgroup.Group // what follows local repositories runs in it; nil for a single pass

	repositories map[string]*git.Repository // by all that it is opened with; one that nothing asks for any more stays open until the end
	sources      map[string]*source         // by the feed's key, likewise
	rosters      chan sync.Roster           // holds the latest
	read         *config.Config             // the last that could be read
	roster       sync.Roster                // that was made of it
	told         []string                   // problems that were told last
	unopened     bool                       // a repository could not be opened: the next look tries again
}

func newSettings(d *daemon, file string, cache copies) *settings {
	return &settings{
		daemon: d, file: file, cache: cache, repositories: map[string]*git.Repository{}, sources: map[string]*source{},
		rosters: make(chan sync.Roster, 1),
	}
}

// close lets go of the repositories.
func (s *settings) close() {
	for _, repository := range s.repositories {
		_ = repository.Close() // a cache: what is not closed well is read afresh
	}
}

// load makes a roster of the file. A file that cannot be read as a whole is an error, and changes nothing.
func (s *settings) load(ctx context.Context) error {
	read, err := config.Load(s.file)
	if err != nil {
		return err
	}
	if s.read != nil && !s.unopened && reflect.DeepEqual(read, s.read) {
		s.tell(s.problems(read, nil))
		return nil
	}
	sources, wrong, refused := s.open(ctx, read)
	refuses := func(name string) bool {
		return read.Refuses(name) || slices.Contains(refused, name) || slices.Contains(refused, "")
	}
	roster := keep(rosterOf(read, sources), s.roster, refuses)
	roster.Refuses = refuses
	s.tell(s.problems(read, wrong))
	s.read, s.roster, s.unopened = read, roster, len(wrong) > 0
	s.hooks.set(targetsOf(read, sources))
	s.signals.metrics.Keep(followed(roster, s.sources)...)
	s.signals.notify(read.Notifications)
	select {
	case <-s.rosters: // nobody has taken it, and nobody needs it any more
	default:
	}
	s.rosters <- roster
	return nil
}

// open opens the repositories of the file that are not open yet. Apps of those that cannot be are refused.
func (s *settings) open(ctx context.Context, read *config.Config) (sources map[string]*source, wrong []config.Problem, refused []string) {
	sources = map[string]*source{}
	for _, r := range read.Repositories {
		from, err := s.source(ctx, r)
		if err != nil {
			wrong = append(wrong, config.Problem{File: s.file, Line: r.Line, Entry: fmt.Sprintf("repository %q", r.Name), Message: err.Error()})
			for _, app := range read.Apps {
				if app.Repository == r.Name {
					refused = append(refused, app.Name) // "" of one with paths
				}
			}
			continue
		}
		from.repository.Expect(readOf(read, r)...)
		sources[r.Name] = from
	}
	return sources, wrong, refused
}

func (s *settings) source(ctx context.Context, r config.Repository) (*source, error) {
	key := keyOf(r)
	if from := s.sources[key]; from != nil {
		return from, nil
	}
	opened := openedAs(r)
	repository := s.repositories[opened]
	if repository == nil {
		var err error
		if repository, err = git.Open(optionsOf(r, s.cache)); err != nil {
			return nil, err
		}
		s.repositories[opened] = repository
	}
	from := &source{repository: repository, key: key, name: r.Name, feed: sync.NewFeed(s.signals.metrics.Source(r.Name, repository), r.Interval)}
	s.sources[key] = from
	if s.group != nil {
		s.group.Go(func() error { return s.watch(ctx, repository, from.feed, r.Interval) })
	}
	return from, nil
}

// problems are what is wrong with the file, a line each.
func (s *settings) problems(read *config.Config, wrong []config.Problem) []string {
	lines := []string{}
	for _, p := range slices.Concat(read.Problems, wrong) {
		lines = append(lines, p.Error())
	}
	return lines
}

// tell says what is wrong with the file, each thing once as long as it lasts.
func (s *settings) tell(problems []string) {
	for _, problem := range problems {
		if !slices.Contains(s.told, problem) {
			s.log.Warn("config: left out", zap.String("problem", problem))
		}
	}
	s.told = problems
	s.store.SetProblems(problems)
}

// follow loads the file whenever it changes, until ctx ends.
func (s *settings) follow(ctx context.Context) error {
	path, err := filepath.Abs(s.file)
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	watch.Watcher{
		Paths: func() []string { return []string{path} }, Floor: sync.DefaultInterval, Changed: func() { s.reload(ctx) },
		Degraded: func(err error) { s.log.Warn("changes of the config may be noticed late", zap.Error(err)) },
	}.Run(ctx)
	return nil
}

// reload keeps what is in force where the file cannot be read as a whole.
func (s *settings) reload(ctx context.Context) {
	err := s.load(ctx)
	if err == nil {
		return
	}
	text := err.Error() + "; what was read before stays in force"
	if !slices.Contains(s.told, text) {
		s.log.Warn("config: not read", zap.Error(err))
	}
	s.told = []string{text}
	s.store.SetProblems(s.told)
}

// errNoApps is the error of a config that asks for no app at all, for a single pass.
var errNoApps = errors.New("--config: no app is left to be applied")
