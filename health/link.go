package health

import (
	"context"
	"errors"
	"net"
	"net/url"
	stdsync "sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// link is whether a source sees the cluster: it has a complete list, and its last requests were answered. Lists and
// watches are told apart, since a role may allow the one and forbid the other.
type link struct {
	mu                stdsync.Mutex
	complete, ever    bool
	listErr, watchErr error
}

// listed says that the source has a complete list.
func (l *link) listed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.complete, l.ever, l.listErr = true, true, nil
}

// watching records how a request to watch went; true when that is news.
func (l *link) watching(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record(&l.watchErr, err)
}

// listing records how a request to list went; true when that is news.
func (l *link) listing(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record(&l.listErr, err)
}

// record is for the two above. Of errors of one sort it keeps the first, so that a long outage does not read differently
// with each attempt. The mutex is held.
func (l *link) record(last *error, err error) (news bool) {
	l.complete = l.complete && err == nil
	if (*last == nil) == (err == nil) && apierrors.IsForbidden(*last) == apierrors.IsForbidden(err) {
		return false
	}
	*last = err
	return true
}

// silent tells a source that has said nothing yet, neither a list nor an error.
func (s *source) silent() bool {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	return !s.link.ever && s.link.listErr == nil && s.link.watchErr == nil
}

// forbidden is the API server's refusal of this watch, or nil.
func (s *source) forbidden() error {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	for _, err := range []error{s.link.listErr, s.link.watchErr} {
		if apierrors.IsForbidden(err) {
			return err
		}
	}
	return nil
}

// trouble says in a few words why the source does not see the cluster now; empty when it does.
func (s *source) trouble() string {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	switch {
	case s.link.watchErr != nil:
		return brief(s.link.watchErr)
	case s.link.listErr != nil:
		return brief(s.link.listErr)
	case !s.link.complete:
		return "the list is still on its way"
	}
	return ""
}

// brief leaves out of an error what differs between attempts: the request with its parameters, and our own port.
func brief(err error) string {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		err = network.Err
	}
	return err.Error()
}

// observed passes lw's requests on and records how they go.
func (s *source) observed(lw *cache.ListWatch) cache.ListerWatcher {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := lw.ListWithContextFunc(ctx, options)
			return list, s.rest(ctx, s.note(ctx, err, s.link.listing))
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			w, err := lw.WatchFuncWithContext(ctx, options)
			if err = s.note(ctx, err, s.link.watching); options.SendInitialEvents != nil { // else a list is asked for in its place
				return w, err
			}
			return w, s.rest(ctx, err)
		},
	}
}

// refusedPause is how long a watch rests that is forbidden and that nothing waits for. Whoever has given the least rights has
// refused it for good: an API server asked for it all the time would be, and the alert on its refusals would never end.
const refusedPause = 5 * time.Minute

// rest returns err, of a watch that is forbidden and does without only after a while.
func (s *source) rest(ctx context.Context, err error) error {
	if err == nil || !s.key.auxiliary || s.forbidden() == nil {
		return err
	}
	pause := time.NewTimer(refusedPause)
	defer pause.Stop()
	select {
	case <-ctx.Done():
	case <-pause.C:
	}
	return err
}

// note records err, unless it only asks for another way of listing, and returns it in a form that has the reflector begin
// again with a list. client-go would retry some errors in place, in a pause that does not heed ctx, and would then go on
// without saying when it has caught up.
func (s *source) note(ctx context.Context, err error, record func(error) bool) error {
	switch {
	case ctx.Err() != nil, apierrors.IsResourceExpired(err), apierrors.IsGone(err), apierrors.IsInvalid(err),
		apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge):
		return err
	}
	if record(err) {
		s.everyone()
	}
	if err == nil {
		return nil
	}
	return errors.New(err.Error())
}
