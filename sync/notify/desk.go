package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/sync"
)

const (
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
	// longestWait is the longest that a target may ask to be left alone for.
	longestWait = 15 * time.Minute
	// oldest is how old a notice may be that is still sent.
	oldest = time.Hour
	// goodbye is how long what waits may take to be sent when the daemon ends.
	goodbye = 3 * time.Second
)

// desk sends to one target.
type desk struct {
	target Target
	client *http.Client
	log    *zap.Logger
	queue  *queue
	keeps  func(app string) bool
	retry  time.Duration   // the first
	told   map[string]told // by app; under the notifier's lock
	failed bool            // the target was said to be out of order
	stop   context.CancelFunc
	ended  chan struct{}
}

// offer queues n if it is for the target, and news to it. It is called under the notifier's lock.
func (d *desk) offer(n Notice) {
	d.overtake(n)
	if !d.target.wants(n) {
		return
	}
	before, known := d.told[n.App]
	if known && before.same(n) {
		return
	}
	if known && d.target.onCommit() && !n.over() && before.Revision == n.Revision {
		return // a commit is pending once, and not any more after its verdict
	}
	is := told{Notice: n}
	if d.target.onCommit() {
		n, is.pending = before.about(n)
	}
	d.told[n.App] = is
	d.put(n)
}

// put queues n, whatever was said before.
func (d *desk) put(n Notice) {
	key := n.App
	if d.target.onCommit() {
		key += " " + n.Revision.Hash // each commit is to have its own end
	}
	d.queue.offer(key, n)
}

// run sends until ctx ends, and then what still waits, once.
func (d *desk) run(ctx context.Context) {
	defer close(d.ended)
	defer d.client.CloseIdleConnections()
	for ctx.Err() == nil {
		key, n, waits := d.first()
		if !waits {
			sleep(ctx, d.queue.more, time.Hour)
			continue
		}
		d.send(ctx, key, n)
	}
	leaving, end := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer end()
	for leaving.Err() == nil {
		key, n, waits := d.first()
		if !waits {
			return
		}
		if err := d.deliver(leaving, n); err != nil {
			d.tell(err, n)
		}
		d.queue.done(key, n)
	}
}

// first is the notice to send next. It asks last thing before: a process may have been frozen since the notice came.
func (d *desk) first() (key string, n Notice, waits bool) {
	for {
		key, n, waits = d.queue.first()
		if !waits || n.over() || n.overtaken || d.keeps(n.App) {
			return key, n, waits
		}
		d.queue.done(key, n)
	}
}

// send makes one attempt, and rests where the target wants to be asked again.
func (d *desk) send(ctx context.Context, key string, n Notice) {
	attempt, end := outliving(ctx)
	defer end()
	err := d.deliver(attempt, n)
	var again *retryError
	switch {
	case err == nil:
		d.failed, d.retry = false, firstRetry
		d.queue.done(key, n)
	case ctx.Err() != nil:
	case !errors.As(err, &again):
		d.tell(err, n)
		d.queue.done(key, n)
	case time.Since(n.At) > oldest:
		d.log.Warn("a notification is dropped, as it is too old", zap.String("target", d.target.Name), zap.String("app", n.App))
		d.queue.done(key, n)
	default:
		d.tell(err, n)
		sleep(ctx, nil, d.pause(again.after))
	}
}

// outliving returns a context for an attempt: one that is under way when ctx ends may go on for a moment, as to break it off
// would be to send it twice.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	attempt, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { sleep(attempt, nil, goodbye); cancel() })
	return attempt, func() {
		stop()
		cancel()
	}
}

// pause is how long to rest before the next attempt: what the target asks for, and at least our own growing pause.
func (d *desk) pause(asked time.Duration) time.Duration {
	pause := d.retry
	d.retry = min(2*d.retry, lastRetry)
	pause += time.Duration(rand.Int64N(int64(pause)/5 + 1))
	return max(pause, min(asked, longestWait))
}

// tell says that the target is out of order, once until it works again.
func (d *desk) tell(err error, n Notice) {
	if !d.failed {
		d.log.Warn("a notification is not sent", zap.String("target", d.target.Name), zap.String("app", n.App), zap.Error(err))
	}
	d.failed = true
}

// sleep returns after a pause, when it is woken, or when ctx ends.
func sleep(ctx context.Context, wake sync.Wake, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}
