package health

import (
	"context"
	"slices"
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
	key  sourceKey
	link link

	mu      stdsync.Mutex
	shelf   *shelf
	version string                                // the resource version that the watch has reached
	gone    map[string]*unstructured.Unstructured // Jobs that have ended and are gone, as they were
}

// listener is told that something it asked for has changed: by hurry where there is more [trouble] than before. It must not
// block.
type listener interface {
	poke()
	hurry()
}

func newSource(key sourceKey) *source { return &source{key: key, shelf: newShelf()} }

// run watches until ctx ends. It begins again, with a list, whenever the watch breaks. client-go's own log of that is
// dropped: what is wrong is in the reports, in words of one line.
func (s *source) run(ctx context.Context, name string, lw cache.ListerWatcher) {
	reflector := cache.NewReflectorWithOptions(lw, nil, s, cache.ReflectorOptions{
		Name: name, TypeDescription: name,
		Backoff: &wait.Backoff{Duration: 100 * time.Millisecond, Factor: 1.5, Jitter: 0.5, Steps: 12, Cap: 5 * time.Second},
	})
	reflector.RunWithContext(klog.NewContext(ctx, logr.Discard()))
}

// find returns the objects under ref; all of them under [refAll]. They are the caller's own.
func (s *source) find(ref string) []any {
	s.mu.Lock()
	found := s.shelf.under(ref)
	s.mu.Unlock()
	objects := make([]any, 0, len(found))
	for _, k := range found {
		if o := k.unpack(); o != nil {
			objects = append(objects, o)
		}
	}
	return objects
}

// count is how many objects there are under ref.
func (s *source) count(ref string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot := s.shelf.slots[ref]; slot != nil {
		return len(slot.objects)
	}
	return 0
}

// lacks reports whether a Deployment under ref says itself that it is not there yet.
func (s *source) lacks(ref string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.shelf.slots[ref]
	return slot != nil && slices.ContainsFunc(slot.objects, func(k *kept) bool { return k.lacks })
}

// seen is the resource version that the watch has reached; what find returns afterwards is at least as new.
func (s *source) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// subscribe has l told of all changes under ref from now on. It does so once for each ref.
func (s *source) subscribe(ref string, l listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.shelf.slot(ref)
	slot.listeners = append(slot.listeners, l)
}

func (s *source) unsubscribe(ref string, l listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot := s.shelf.slots[ref]; slot != nil {
		slot.listeners = slices.DeleteFunc(slot.listeners, func(other listener) bool { return other == l })
		s.shelf.tidy(slot)
	}
}

// everyone tells all who asked for anything.
func (s *source) everyone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, slot := range s.shelf.slots {
		slot.tell(true)
	}
}

// tellAll tells those who asked for all there is.
func (s *source) tellAll() {
	if slot := s.shelf.slots[refAll]; slot != nil {
		slot.tell(false)
	}
}

// tell tells those who asked.
func (s *slot) tell(worse bool) {
	for _, l := range s.listeners {
		if worse {
			l.hurry()
		} else {
			l.poke()
		}
	}
}
