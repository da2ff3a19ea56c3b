package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
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
	// mostForeign hosts are told of.
	mostForeign = 20
	// goodbye is how long what waits may take to be sent when the daemon ends.
	goodbye = 3 * time.Second
)

// desk sends to one target.
type desk struct {
	target  Target
	client  *http.Client
	log     *zap.Logger
	queue   *queue
	keeps   func(app string) bool
	retry   time.Duration   // the first
	told    map[string]told // by app; under the notifier's lock
	full    bool            // more was offered last than can wait; under the notifier's lock
	counts  *counts
	foreign map[string]bool // hosts that this was said of; under the notifier's lock
	failed  bool            // the target was said to be out of order
	stop    context.CancelFunc
	before  *desk       // whose end is waited for, as it sends from the same queue; nil for none
	heir    atomic.Bool // another goes on with the queue
	ended   chan struct{}
}

// succeed has d go on where old leaves off: the same target with another config, which may be what old has lacked. It is called under
// the notifier's lock, and before old is stopped.
func (d *desk) succeed(old *desk) {
	d.queue, d.told, d.full, d.counts = old.queue, old.told, old.full, old.counts
	if old.stop != nil {
		d.before = old
		old.heir.Store(true)
	}
}

// offer queues n if it is for the target, and news to it. It is called under the notifier's lock.
func (d *desk) offer(n Notice) {
	d.settle(n)
	if !d.target.wants(n) {
		d.isForeign(n)
		return
	}
	before, known := d.told[n.App]
	if known && before.same(n) {
		return
	}
	if known && d.target.onCommit() && !n.over() && before.Revision == n.Revision && before.State != sync.Suspended {
		return // a commit is pending once, and not any more after its verdict
	}
	is := told{Notice: n}
	if d.target.onCommit() {
		n, is.pending = before.about(n)
	}
	d.told[n.App] = is
	d.put(n)
}

// isForeign says once of each host that its repositories are not those of the provider: somebody may wonder where the statuses are.
func (d *desk) isForeign(n Notice) {
	if !d.target.onCommit() {
		return
	}
	_, host, _ := place(n.Repository)
	if d.foreign[host] || !d.target.names(n.App) || d.target.hosts(n.Repository) || len(d.foreign) >= mostForeign {
		return
	}
	d.foreign[host] = true
	d.log.Info("commits get no status, as the repository is none of the provider's",
		zap.String("target", d.target.Name), zap.String("app", n.App), zap.String("host", host))
}

// put queues n, whatever was said before.
func (d *desk) put(n Notice) {
	key := n.App
	if d.target.onCommit() {
		key += " " + n.Revision.Hash // each commit is to have its own end
	}
	full := d.queue.offer(key, n)
	if full {
		d.counts.dropped.Add(1)
	}
	if full && !d.full {
		d.log.Warn("notifications are dropped, the oldest first, as too many wait", zap.String("target", d.target.Name))
	}
	d.full = full
}

// run sends until ctx ends, and then what still waits, once, as far as that takes no longer than the goodbye.
func (d *desk) run(ctx context.Context) {
	defer close(d.ended)
	defer d.client.CloseIdleConnections()
	if d.before != nil {
		<-d.before.ended
		d.before = nil
	}
	leaving, end := outliving(ctx)
	defer end()
	for ctx.Err() == nil {
		key, n, waits := d.first()
		if !waits {
			sleep(ctx, d.queue.more, time.Hour)
			continue
		}
		d.send(ctx, leaving, key, n)
	}
	for leaving.Err() == nil && !d.heir.Load() {
		key, n, waits := d.first()
		if !waits {
			return
		}
		if err := d.attempt(leaving, n); err != nil {
			d.tell(err, n)
			d.counts.dropped.Add(1)
		}
		d.queue.done(key, n)
	}
}

// first is the notice to send next. It asks last thing before: a process may have been frozen since the notice came.
func (d *desk) first() (key string, n Notice, waits bool) {
	for {
		key, n, waits = d.queue.first()
		if !waits || n.over() || n.ended || d.keeps(n.App) {
			return key, n, waits
		}
		d.queue.done(key, n)
	}
}

// send makes one attempt, which ends with leaving, and rests where the target wants to be asked again: meanwhile those have their
// turn that wait behind n.
func (d *desk) send(ctx, leaving context.Context, key string, n Notice) {
	err := d.attempt(leaving, n)
	var again *retryError
	switch {
	case err == nil:
		if d.failed {
			d.log.Info("notifications are sent again", zap.String("target", d.target.Name))
		}
		d.failed, d.retry = false, firstRetry
		d.queue.done(key, n)
	case ctx.Err() != nil:
		d.tell(err, n)
	case !errors.As(err, &again):
		d.tell(err, n)
		d.counts.dropped.Add(1)
		d.queue.done(key, n)
	default:
		d.tell(err, n)
		d.expire()
		d.queue.later(key)
		d.rest(ctx, again)
	}
}

// attempt is one, counted.
func (d *desk) attempt(ctx context.Context, n Notice) error {
	err := d.deliver(ctx, n)
	d.counts.attempted(err)
	return err
}

// rest pauses after an attempt that failed. Where that may be about the one message, the pause ends when there is another one, but not
// before the first pause would.
func (d *desk) rest(ctx context.Context, failed *retryError) {
	pause := d.pause(failed.after)
	if !failed.alone || failed.after > 0 {
		sleep(ctx, nil, pause)
		return
	}
	least := min(pause, firstRetry)
	sleep(ctx, nil, least)
	sleep(ctx, d.queue.more, pause-least)
}

// expire drops what has waited for too long.
func (d *desk) expire() {
	if dropped := d.queue.drop(func(n Notice) bool { return time.Since(n.At) > oldest }); dropped > 0 {
		d.counts.dropped.Add(uint64(dropped))
		d.log.Warn("notifications are dropped, as they are too old", zap.String("target", d.target.Name), zap.Int("notifications", dropped))
	}
}

// outliving returns a context that ends a moment after ctx: to break an attempt off that is under way would be to send it twice.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	leaving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { sleep(leaving, nil, goodbye); cancel() })
	return leaving, func() {
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
