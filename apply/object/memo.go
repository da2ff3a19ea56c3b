package object

import (
	stdsync "sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// memoAge is how long a [Memo] goes by what it has been told once: that long at most, a CustomResourceDefinition that was
// made anew with another scope or plural is looked for where the old one was.
const memoAge = time.Minute

// Memo returns a mapper that asks next about a kind in one version, as [meta.RESTMapper.RESTMapping] does, at most once a
// minute. All else, and every error, is next's. A mapper of the API server's discovery is right, and slow: for each object
// of a thousand apps it goes through all kinds that there are.
func Memo(next meta.RESTMapper) meta.RESTMapper {
	return &memo{RESTMapper: next, known: map[schema.GroupVersionKind]remembered{}, now: time.Now}
}

type memo struct {
	meta.RESTMapper
	now func() time.Time

	mu    stdsync.Mutex
	known map[schema.GroupVersionKind]remembered
}

type remembered struct {
	mapping *meta.RESTMapping
	until   time.Time
}

// RESTMapping returns what next says, now or less than a minute ago.
func (m *memo) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	if len(versions) != 1 {
		return m.RESTMapper.RESTMapping(kind, versions...)
	}
	key := kind.WithVersion(versions[0])
	m.mu.Lock()
	found := m.known[key]
	m.mu.Unlock()
	now := m.now()
	if now.Before(found.until) {
		return found.mapping, nil
	}
	mapping, err := m.RESTMapper.RESTMapping(kind, versions...)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.known[key] = remembered{mapping, now.Add(memoAge)}
	m.mu.Unlock()
	return mapping, nil
}
