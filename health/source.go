package health

import (
	"context"
	stdsync "sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// source holds what one watch shows, found by [refs], and tells those who asked for a ref when what stands under it
// changes. It is the store of a client-go reflector.
type source struct {
	index cache.Indexer
	link  link

	mu        stdsync.Mutex
	listeners map[string]map[listener]struct{}
	counts    map[string]int                        // of the objects under each ref
	version   string                                // the resource version that the watch has reached
	gone      map[string]*unstructured.Unstructured // Jobs that have ended and are gone, as they were
}

// listener is told that something it asked for has changed. It must not block.
type listener interface{ poke() }

const refIndex = "ref"

func newSource() *source {
	return &source{
		index:     cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{refIndex: func(o any) ([]string, error) { return refs(o), nil }}),
		listeners: map[string]map[listener]struct{}{},
		counts:    map[string]int{},
	}
}

// run watches until ctx ends. It begins again, with a list, whenever the watch breaks. client-go's own log of that is
// dropped: what is wrong is in the reports, in words of one line.
func (s *source) run(ctx context.Context, name string, lw cache.ListerWatcher) {
	reflector := cache.NewReflectorWithOptions(lw, nil, s, cache.ReflectorOptions{
		Name: name, TypeDescription: name,
		Backoff: &wait.Backoff{Duration: 100 * time.Millisecond, Factor: 1.5, Jitter: 0.5, Steps: 12, Cap: 5 * time.Second},
	})
	reflector.RunWithContext(klog.NewContext(ctx, logr.Discard()))
}

// find returns the objects under ref; all of them under [refAll].
func (s *source) find(ref string) []any {
	if ref == refAll {
		return s.index.List()
	}
	found, err := s.index.ByIndex(refIndex, ref)
	if err != nil {
		return nil // only for an index that does not exist
	}
	return found
}

// count is how many objects there are under ref.
func (s *source) count(ref string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[ref]
}

// seen is the resource version that the watch has reached; what find returns afterwards is at least as new.
func (s *source) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// subscribe has l told of all changes under ref from now on.
func (s *source) subscribe(ref string, l listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners[ref] == nil {
		s.listeners[ref] = map[listener]struct{}{}
	}
	s.listeners[ref][l] = struct{}{}
}

func (s *source) unsubscribe(ref string, l listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners[ref], l)
	if len(s.listeners[ref]) == 0 {
		delete(s.listeners, ref)
	}
}

// changed counts old and current, and tells those who asked for what either of them stands under.
func (s *source) changed(old, current any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally(old, -1)
	s.tally(current, +1)
	s.tell(refAll)
}

// tally is for changed. The mutex is held.
func (s *source) tally(o any, n int) {
	if o == nil {
		return
	}
	for _, ref := range refs(o) {
		if s.counts[ref] += n; s.counts[ref] == 0 {
			delete(s.counts, ref)
		}
		s.tell(ref)
	}
}

// recount counts a whole list.
func (s *source) recount(list []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.counts)
	for _, o := range list {
		for _, ref := range refs(o) {
			s.counts[ref]++
		}
	}
}

// everyone tells all who asked for anything.
func (s *source) everyone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ref := range s.listeners {
		s.tell(ref)
	}
}

// tell pokes those who asked for ref. The mutex is held.
func (s *source) tell(ref string) {
	for l := range s.listeners[ref] {
		l.poke()
	}
}
