package health

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// answering is what a source makes of a watch whose every request comes to err.
func answering(auxiliary bool, err error) (*source, cache.ListerWatcherWithContext) {
	s := newSource(sourceKey{resource: classResource, auxiliary: auxiliary})
	return s, cache.ToListerWatcherWithContext(s.observed(&cache.ListWatch{
		ListWithContextFunc:  func(context.Context, metav1.ListOptions) (runtime.Object, error) { return nil, err },
		WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return nil, err },
	}))
}

// TestAWatchThatIsDoneWithoutIsSeldomAskedForWhereItIsRefused tells it from one that is needed, and from one that is only away.
func TestAWatchThatIsDoneWithoutIsSeldomAskedForWhereItIsRefused(t *testing.T) {
	refusal := apierrors.NewForbidden(schema.GroupResource{Resource: "storageclasses"}, "", nil)
	streams := true
	for _, c := range []struct {
		auxiliary bool
		err       error
		list      time.Duration // that the answer is held back
	}{{true, refusal, refusedPause}, {false, refusal, 0}, {true, errors.New("away"), 0}} {
		synctest.Test(t, func(t *testing.T) {
			s, lw := answering(c.auxiliary, c.err)
			held := func(request func() error) time.Duration {
				began := time.Now()
				if request() == nil {
					t.Error("no error")
				}
				return time.Since(began)
			}
			watched := held(func() error {
				_, err := lw.WatchWithContext(t.Context(), metav1.ListOptions{SendInitialEvents: &streams})
				return err
			})
			listed := held(func() error {
				_, err := lw.ListWithContext(t.Context(), metav1.ListOptions{})
				return err
			})
			if watched != 0 || listed != c.list || (s.forbidden() != nil) != errors.Is(c.err, refusal) {
				t.Errorf("%+v: a list is tried after %s, and answered after %s", c, watched, listed)
			}
		})
	}
}

// TestAWatchThatRestsEndsAtOnce asks with a context that has ended.
func TestAWatchThatRestsEndsAtOnce(t *testing.T) {
	s, lw := answering(true, apierrors.NewForbidden(schema.GroupResource{Resource: "storageclasses"}, "", nil))
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		began := time.Now()
		if _, err := lw.WatchWithContext(ctx, metav1.ListOptions{}); err == nil || s.forbidden() == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
