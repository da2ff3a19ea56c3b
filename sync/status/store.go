package status

import (
	"cmp"
	"context"
	"maps"
	"slices"
	stdsync "sync"

	"github.com/lockstep-dev/lockstep/sync"
)

// Store keeps the status of all apps. It is a [sync.Observer], and safe for concurrent use.
type Store struct {
	mu   stdsync.RWMutex
	apps map[string]App
	past map[string]bool // apps of which a pass has got as far as a plan, or has ended without one
	// problems are what is wrong with the config.
	problems []string
	history  func(ctx context.Context, app string) (any, error)
	alive    func() error
	replica  func() Replica // nil for a daemon that is alone
	warm     func() bool    // nil for always
	ready    bool           // it was
}

// NewStore returns a Store that knows the given apps.
func NewStore(apps ...sync.App) *Store {
	s := &Store{apps: map[string]App{}, past: map[string]bool{}, problems: []string{}}
	for _, app := range apps {
		s.apps[app.Name] = New(app)
	}
	return s
}

// Observe folds event into its app, which comes and goes with its own events. Others of an app that the Store does not
// know are dropped.
func (s *Store) Observe(_ context.Context, event sync.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, known := s.apps[event.App]
	switch {
	case event.Left:
		delete(s.apps, event.App)
		delete(s.past, event.App)
		return
	case !known && event.Joined != nil:
		app = New(*event.Joined)
	case !known:
		return
	}
	s.apps[event.App] = Fold(app, event)
	if event.Plan != nil || event.Record != nil || event.Err != nil || event.Joined != nil && event.Joined.Suspend {
		s.past[event.App] = true
	}
}

// App returns the status of the app called name, and whether there is one.
func (s *Store) App(name string) (App, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	app, known := s.apps[name]
	return app, known
}

// Apps returns the status of all apps, sorted by name.
func (s *Store) Apps() []App {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.apps), func(a, b App) int { return cmp.Compare(a.Name, b.Name) })
}

// Ready reports whether what the Store says is worth reading: all repositories have been asked and, unless it is a standby's, the
// apps compared with what there is in the cluster. A pass that has ended without that counts as well, and of an app that waits for
// another, which may not be healthy for days, none is needed. What is ready stays so, whatever apps, repositories and turns come.
func (s *Store) Ready() bool {
	standby, warm := s.waiting() != nil, s.isWarm()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = s.ready || warm && (standby || s.begun())
	return s.ready
}

// begun reports whether all apps have begun that wait for no other. Under mu.
func (s *Store) begun() bool {
	for name, app := range s.apps {
		if waiting := app.State == sync.Pending && app.Reason == waits; !waiting && !s.past[name] {
			return false
		}
	}
	return true
}

func (s *Store) isWarm() bool {
	s.mu.RLock()
	warm := s.warm
	s.mu.RUnlock()
	return warm == nil || warm()
}

// SetWarm says who knows whether all repositories have been asked. Until then they are taken to.
func (s *Store) SetWarm(warm func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warm = warm
}

// SetProblems says what is wrong with the config that the apps come from, a line each.
func (s *Store) SetProblems(problems []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append([]string{}, problems...)
}

// SetAlive says who knows whether the daemon still works, by an error when it does not. Until then it is taken to.
func (s *Store) SetAlive(alive func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alive = alive
}

// SetHistory says where the history of an app is read. Until then there is none.
func (s *Store) SetHistory(read func(ctx context.Context, app string) (any, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = read
}

// List returns all that the Store knows.
func (s *Store) List() List {
	before := s.Replica()
	apps, replica := s.Apps(), s.Replica()
	if replica != nil && before != nil {
		for _, lease := range before.Missing { // its apps may have come only after they were read
			if !slices.Contains(replica.Missing, lease) {
				replica.Missing = append(replica.Missing, lease)
			}
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return List{Apps: apps, Problems: s.problems, Replica: replica}
}
