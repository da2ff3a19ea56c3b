package mirror

import (
	"context"
	stdsync "sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// refusalAge is how long a refusal holds before the API server is asked again: somebody may have given the right.
const refusalAge = time.Minute

// watch is one watch under way, and whether it was let in.
type watch[T any] struct {
	shelf *shelf[T]
	stop  context.CancelFunc

	answered chan struct{} // closed once the API server has said anything, or could not be asked
	first    stdsync.Once

	mu      stdsync.Mutex
	refused time.Time // when the API server refused it; zero when it did not
}

// answer is called with the outcome of each request; nil for a list that has come in.
func (w *watch[T]) answer(err error) {
	if isRefusal(err) {
		w.mu.Lock()
		w.refused = time.Now()
		w.mu.Unlock()
		w.stop()
	}
	w.first.Do(func() { close(w.answered) })
}

// isRefusal tells an answer that will be the same next time: no right to it, no such kind, or none that can be watched.
func isRefusal(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err)
}

// isRefused reports whether the watch was refused, and whether it is time to ask again.
func (w *watch[T]) isRefused() (refused, expired bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.refused.IsZero(), !w.refused.IsZero() && time.Since(w.refused) > refusalAge
}

// run watches until ctx ends, or the API server refuses. It begins again, with a list, whenever the watch breaks.
func (w *watch[T]) run(ctx context.Context, name string, lw *cache.ListWatch) {
	reflector := cache.NewReflectorWithOptions(w.observed(lw), nil, &answering[T]{w.shelf, w}, cache.ReflectorOptions{
		Name: name, TypeDescription: name,
		Backoff: &wait.Backoff{Duration: 50 * time.Millisecond, Factor: 1.5, Jitter: 0.5, Steps: 15, Cap: 5 * time.Second},
	})
	reflector.RunWithContext(klog.NewContext(ctx, logr.Discard()))
}

// observed passes lw's requests on and notes those that fail.
func (w *watch[T]) observed(lw *cache.ListWatch) cache.ListerWatcher {
	note := func(ctx context.Context, options metav1.ListOptions, err error) {
		expired := apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
		now := options.ResourceVersion == "" && options.Continue == "" // of what is there now nothing is too old
		benign := apierrors.IsInvalid(err) || expired && !now
		if err != nil && ctx.Err() == nil && !benign {
			w.answer(err)
		}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := lw.ListWithContextFunc(ctx, options)
			note(ctx, options, err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
			running, err := lw.WatchFuncWithContext(ctx, options)
			note(ctx, options, err)
			return running, err
		},
	}
}

// answering is a shelf that says so when its first list has come in.
type answering[T any] struct {
	*shelf[T]
	watch *watch[T]
}

// Replace takes in a whole list.
func (a *answering[T]) Replace(list []any, version string) error {
	err := a.shelf.Replace(list, version)
	if err == nil {
		a.watch.answer(nil)
	}
	return err
}
