package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdsync "sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/sync"
)

const (
	managedBy   = "app.kubernetes.io/managed-by"
	demoManager = apply.FieldManager + "-demo"
	// stageTimeout is how long an earlier demo's namespace may take to go.
	stageTimeout = time.Minute
	// farewell is how long the last call may take.
	farewell = 5 * time.Second
)

// demoStage is the namespace that the demo makes for itself.
type demoStage struct {
	client    client.Client
	namespace *corev1.Namespace
}

// openStage makes the namespace. One that is there already is left alone, unless it is what an earlier demo has left
// behind: that goes first.
func openStage(ctx context.Context, c client.Client, name string, out io.Writer) (*demoStage, error) {
	s := &demoStage{client: c, namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{managedBy: demoManager},
	}}}
	var told stdsync.Once
	ctx, cancel := context.WithTimeoutCause(ctx, stageTimeout, fmt.Errorf("namespace %q of an earlier demo is still there", name))
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		err := c.Create(ctx, s.namespace.DeepCopy())
		if !apierrors.IsAlreadyExists(err) {
			return err == nil, err
		}
		if err := s.clear(ctx); err != nil {
			return false, err
		}
		told.Do(func() {
			_, _ = fmt.Fprintf(out, "namespace %s: waiting until that of an earlier demo has gone\n", name)
		})
		return false, nil
	})
	if err != nil && ctx.Err() != nil {
		return nil, errors.Join(context.Cause(ctx), s.recall(ctx))
	}
	return s, err
}

// recall deletes what a call may have made whose answer nobody has waited for.
func (s *demoStage) recall(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	return s.clear(ctx)
}

// clear deletes the namespace if an earlier demo made it.
func (s *demoStage) clear(ctx context.Context) error {
	var there corev1.Namespace
	err := s.client.Get(ctx, client.ObjectKeyFromObject(s.namespace), &there)
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	if there.Labels[managedBy] != demoManager {
		return fmt.Errorf("namespace %q is there already: name another with --namespace", s.namespace.Name)
	}
	return client.IgnoreNotFound(s.client.Delete(ctx, &there))
}

// close deletes the namespace and with it everything that the demo has made. Kubernetes finishes it in the background.
func (s *demoStage) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	return client.IgnoreNotFound(s.client.Delete(ctx, s.namespace))
}

// verdicts is an observer that hands on how passes end. It keeps the latest.
type verdicts chan sync.Event

// Observe never blocks.
func (v verdicts) Observe(_ context.Context, event sync.Event) {
	if event.Record == nil && event.Err == nil {
		return
	}
	select {
	case <-v:
	default:
	}
	v <- event
}

// wait returns once the commit called hash is healthy, or has failed.
func (v verdicts) wait(ctx context.Context, hash string) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case event := <-v:
			switch {
			case event.Revision.Hash != hash:
			case event.Err != nil:
				return event.Err
			default:
				return nil
			}
		}
	}
}
