package metrics

import (
	"context"
	"errors"
	"slices"
	stdsync "sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// names are the repositories that are counted. The zero value has none.
type names struct {
	mu   stdsync.Mutex
	kept map[string]bool
}

// Source counts what source is asked for under a name, until [Metrics.Keep] says that it is not followed any more.
func (m *Metrics) Source(name string, source sync.Source) sync.Source {
	m.repositories.mu.Lock()
	defer m.repositories.mu.Unlock()
	if m.repositories.kept == nil {
		m.repositories.kept = map[string]bool{}
	}
	m.follow(name)
	return &counted{Source: source, name: name, metrics: m}
}

// Keep drops the series of all repositories but those, which are counted again if they were dropped before.
func (m *Metrics) Keep(repositories ...string) {
	m.repositories.mu.Lock()
	defer m.repositories.mu.Unlock()
	for name := range m.repositories.kept {
		if !slices.Contains(repositories, name) {
			labels := prometheus.Labels{"repository": name}
			m.fetches.DeletePartialMatch(labels)
			m.fetchErrors.DeletePartialMatch(labels)
			m.lastFetch.DeletePartialMatch(labels)
		}
	}
	before := m.repositories.kept
	m.repositories.kept = map[string]bool{}
	for _, name := range repositories {
		if before[name] {
			m.repositories.kept[name] = true
		} else {
			m.follow(name)
		}
	}
}

// follow has the counts of a repository begin at 0, if they have not begun. Under mu.
func (m *Metrics) follow(name string) {
	if m.repositories.kept[name] {
		return
	}
	m.repositories.kept[name] = true
	m.fetches.WithLabelValues(name)
	for _, err := range failures {
		m.fetchErrors.WithLabelValues(name, typeOf(err))
	}
}

// failures are of each type that a fetch fails with.
var failures = []error{
	context.DeadlineExceeded, errors.New("any other"), git.ErrCredentials, git.ErrHostKey, git.ErrNoCommits, git.ErrBranchNotFound,
	git.ErrRefNotFound, git.ErrUnavailable, git.ErrCache, git.ErrAuth, git.ErrNotFound, git.ErrCorrupt, git.ErrTooLarge, git.ErrSignature,
	git.ErrUnsupported,
}

// counted is a source each of whose fetches is counted.
type counted struct {
	sync.Source
	name    string
	metrics *Metrics
}

// Fetch asks the source. A fetch that was broken off is none.
func (c *counted) Fetch(ctx context.Context) (git.Snapshot, error) {
	snapshot, err := c.Source.Fetch(ctx)
	if ctx.Err() == nil {
		c.metrics.fetched(c.name, err)
	}
	return snapshot, err
}

// At has the source look for another commit than the newest, which is not counted: somebody may have asked for one that there
// is not.
func (c *counted) At(ctx context.Context, hash string) (git.Snapshot, error) {
	if past, ok := c.Source.(sync.Past); ok {
		return past.At(ctx, hash)
	}
	return git.Snapshot{}, errors.ErrUnsupported
}

// String is what the source calls itself.
func (c *counted) String() string {
	if named, ok := c.Source.(interface{ String() string }); ok {
		return named.String()
	}
	return ""
}

func (m *Metrics) fetched(name string, err error) {
	m.repositories.mu.Lock()
	defer m.repositories.mu.Unlock()
	if !m.repositories.kept[name] {
		return
	}
	m.fetches.WithLabelValues(name).Inc()
	if err != nil {
		m.fetchErrors.WithLabelValues(name, typeOf(err)).Inc()
		m.lastFetch.WithLabelValues(name) // at 0 where none went well: an outage has an age also after a restart
		return
	}
	m.lastFetch.WithLabelValues(name).SetToCurrentTime()
}

// typeOf is the type of an error in one word, that of the state's reason.
func typeOf(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "Timeout"
	}
	return (&sync.Error{Step: sync.StepFetch, Err: err}).Reason()
}
