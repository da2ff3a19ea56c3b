package notify

import (
	"slices"
	stdsync "sync"

	"github.com/lockstep-dev/lockstep/sync"
)

// mostQueued is how many notices wait for one target: of a thousand apps the end of a commit that is overtaken, and the newest. When
// there are more the oldest are dropped.
const mostQueued = 3000

// queue holds the latest notice of each key, in the order in which the keys came.
type queue struct {
	mu    stdsync.Mutex
	order []string
	of    map[string]Notice
	more  sync.Wake
}

func newQueue() *queue { return &queue{of: map[string]Notice{}, more: sync.NewWake()} }

// offer puts a notice in, in place of the one that waits under its key, and reports whether another had to go for it.
func (q *queue) offer(key string, n Notice) (full bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, waits := q.of[key]; !waits {
		q.order = append(q.order, key)
	}
	q.of[key] = n
	for ; len(q.order) > mostQueued; full = true {
		delete(q.of, q.order[0])
		q.order = q.order[1:]
	}
	q.more.Poke()
	return full
}

// first returns what has waited longest, and leaves it where it is: meanwhile there may be something newer to say.
func (q *queue) first() (key string, n Notice, waits bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.order) == 0 {
		return "", Notice{}, false
	}
	return q.order[0], q.of[q.order[0]], true
}

// later lets all others go before what waits under a key.
func (q *queue) later(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if place := slices.Index(q.order, key); place >= 0 {
		q.order = append(slices.Delete(q.order, place, place+1), key)
	}
}

// drop takes out what is so, and returns how much that was.
func (q *queue) drop(is func(Notice) bool) (dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	there := len(q.order)
	q.order = slices.DeleteFunc(q.order, func(key string) bool {
		goes := is(q.of[key])
		if goes {
			delete(q.of, key)
		}
		return goes
	})
	return there - len(q.order)
}

// done takes n out, unless something newer has come in its place.
func (q *queue) done(key string, n Notice) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.of[key].id == n.id {
		delete(q.of, key)
		q.order = slices.DeleteFunc(q.order, func(other string) bool { return other == key })
	}
}
