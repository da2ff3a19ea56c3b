package health

import (
	"context"
	stdsync "sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// sourceKey names one watch.
type sourceKey struct {
	resource        schema.GroupVersionResource
	namespace, name string // the name only where a single object is watched
	typed           bool   // decoded to its Go type, else unstructured
	fields          string // a field selector for the API server to go by
	auxiliary       bool   // explains, and is not required: no report waits for it or turns Unknown without it
}

// String is the key as a person would say it: pods in namespace shop.
func (k sourceKey) String() string {
	switch resource := k.resource.GroupResource().String(); {
	case k.name != "" && k.namespace != "":
		return resource + " " + k.name + " in namespace " + k.namespace
	case k.namespace != "":
		return resource + " in namespace " + k.namespace
	case k.name != "":
		return resource + " " + k.name
	default:
		return resource
	}
}

// sources are the watches that all sessions of a Gate share.
type sources struct {
	clients *clients
	closed  chan struct{}
	running stdsync.WaitGroup

	mu   stdsync.Mutex
	held map[sourceKey]*holding
}

// holding is one running watch, and how many sessions use it.
type holding struct {
	source *source
	stop   context.CancelFunc
	users  int
	linger *time.Timer // runs while there are no users
}

func newSources(c *clients) *sources {
	return &sources{clients: c, closed: make(chan struct{}), held: map[sourceKey]*holding{}}
}

// acquire returns the watch of that key, and starts it where it does not run. It outlives ctx, of which it takes the
// values alone: whoever asks first is not who needs it longest.
func (s *sources) acquire(ctx context.Context, key sourceKey) (*source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() {
		return nil, ErrClosed
	}
	h := s.held[key]
	if h == nil {
		running, stop := context.WithCancel(context.WithoutCancel(ctx))
		h = &holding{source: newSource(key), stop: stop}
		s.held[key] = h
		lw := h.source.observed(s.clients.listWatch(key))
		s.running.Go(func() { h.source.run(running, key.String(), lw) })
	}
	if h.linger != nil {
		h.linger.Stop()
		h.linger = nil
	}
	h.users++
	return h.source, nil
}

// release gives back one use of the watch; Linger after the last it ends.
func (s *sources) release(key sourceKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[key]
	if h == nil {
		return
	}
	h.users--
	switch {
	case h.users > 0:
		return
	case h.source.forbidden() != nil: // whoever asks next may be allowed by then
		s.drop(key, h)
		return
	}
	var linger *time.Timer
	linger = time.AfterFunc(Linger, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if h.linger == linger {
			s.drop(key, h)
		}
	})
	h.linger = linger
}

// drop ends one watch. The mutex is held.
func (s *sources) drop(key sourceKey, h *holding) {
	if h.linger != nil {
		h.linger.Stop()
		h.linger = nil
	}
	h.stop()
	delete(s.held, key)
}

// close ends all watches, and waits until they have ended.
func (s *sources) close() {
	s.mu.Lock()
	if !s.isClosed() {
		close(s.closed)
	}
	for key, h := range s.held {
		s.drop(key, h)
	}
	s.mu.Unlock()
	s.running.Wait()
	s.clients.close()
}

func (s *sources) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}
