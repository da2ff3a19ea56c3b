package sync

import (
	"context"
	stdsync "sync"
	"time"
)

const (
	// fetchesAtOnce is how many repositories of a fleet are fetched at a time: a thousand that begin together would take a
	// thousand times the memory of one, and be none the sooner for it.
	fetchesAtOnce = 32
	// longFetch is how long a fetch counts for that. One that takes longer waits for its server, or for a slow line: as many
	// servers as there may be that say nothing hold up nobody else for longer.
	longFetch = 2 * time.Second
)

// berths are the places of fetches that are under way. Nil has room for any number.
type berths struct {
	places chan struct{}
	long   time.Duration // longFetch
}

func newBerths() *berths { return &berths{make(chan struct{}, fetchesAtOnce), longFetch} }

// take waits for a place, and returns how to give it back: whoever has not done so after a while is taken for one that waits,
// and has lost it. False when ctx has ended.
func (b *berths) take(ctx context.Context) (leave func(), ok bool) {
	if b == nil {
		return func() {}, true
	}
	select {
	case b.places <- struct{}{}:
	case <-ctx.Done():
		return nil, false
	}
	give := stdsync.OnceFunc(func() { <-b.places })
	long := time.AfterFunc(b.long, give)
	return func() {
		long.Stop()
		give()
	}, true
}
