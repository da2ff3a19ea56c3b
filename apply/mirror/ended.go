package mirror

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// jobs are watched with all of their content: how one has ended is in no metadata, and one that goes after its end can be told
// from one that somebody has deleted by nothing else.
var jobs = schema.GroupResource{Group: "batch", Resource: "jobs"}

// mostOutlived bounds how many objects that are gone a shelf remembers. Whom they concerned has put their end on record long
// before there are as many.
const mostOutlived = 1000

// Ended returns how an object has ended that is there, or that the mirror has seen go. It is zero where the mirror does not
// know of an end.
func (m *Mirror) Ended(ctx context.Context, id object.ID, version string) object.End {
	w := m.watchOf(ctx, id, version)
	if w == nil {
		return object.End{}
	}
	name := types.NamespacedName{Namespace: id.Namespace, Name: id.Name}
	if o, found, _ := w.shelf.find(name); found {
		return o.Ended
	}
	return w.shelf.outlived(name).Ended
}

// outlived is what an object was when it went, as far as that is kept.
func (s *shelf[T]) outlived(name types.NamespacedName) T {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.gone[name]
}

// bury remembers an object that is gone, if that is asked for. The mutex is held.
func (s *shelf[T]) bury(name types.NamespacedName, value T) {
	if s.outlives == nil || !s.outlives(value) {
		return
	}
	if s.gone == nil || len(s.gone) >= mostOutlived {
		s.gone = map[types.NamespacedName]T{}
	}
	s.gone[name] = value
}

// labelled lists and watches the labelled objects of a kind with all of their content.
func labelled(client dynamic.ResourceInterface) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector = object.OwnerLabel
			return client.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
			options.LabelSelector = object.OwnerLabel
			return client.Watch(ctx, options)
		},
	}
}
